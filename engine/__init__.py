"""PyScan's engine: everything that knows networks, and nothing that knows a terminal."""

__version__ = "0.1.0"
