"""Packets made and read by ourselves: frames, kernel filters, matching, Linux packet sockets."""

from engine.transport.packet.channel import PacketChannel

__all__ = ["PacketChannel"]
