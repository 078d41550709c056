"""Scanning without privileges: the operating system's own TCP and UDP sockets."""
