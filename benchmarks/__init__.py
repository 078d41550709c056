"""Benchmarks: PyScan beside nmap on the same lab hosts, in turn. ``python -m benchmarks``."""

import tui as tui  # before textual, some of whose settings it chooses
