"""This machine: its interfaces, routes and rights."""
