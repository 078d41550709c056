"""The sans-I/O heart: decides what to send and when, and what an answer changes.

Nothing in here opens a socket, reads a clock or starts a thread.
"""
