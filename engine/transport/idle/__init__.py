"""Idle scans: measuring a zombie's counter of IP ids. ``IdleChannel`` is the door."""

from engine.transport.idle.channel import IdleChannel

__all__ = ["IdleChannel"]
