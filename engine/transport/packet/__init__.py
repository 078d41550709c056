"""Packets made and read by ourselves: frames, kernel filters, matching, Linux packet sockets."""
