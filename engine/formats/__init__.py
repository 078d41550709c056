"""Results on their way out: JSON, JSON lines, nmap XML and nmap-like text."""
