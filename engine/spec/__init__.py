"""What was asked for: targets, ports, timing and scan types, parsed and frozen."""
