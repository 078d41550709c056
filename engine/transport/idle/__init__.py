"""Idle scans: measuring a zombie's counter of IP ids. ``IdleChannel`` is the door."""

from engine.transport.idle.channel import IdleChannel
from engine.transport.idle.steps import ZombieRefused

__all__ = ["IdleChannel", "ZombieRefused"]
