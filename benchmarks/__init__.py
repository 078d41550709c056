"""Benchmarks: PyScan beside nmap on the same lab hosts, in turn. ``python -m benchmarks``."""
