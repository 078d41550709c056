"""Ways out and back in: packet sockets, connect sockets, scapy, and a simulated network."""
