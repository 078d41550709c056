"""The sockets of the packet transport, opened and tuned (packet(7), raw(7))."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterable

from engine.transport.packet.kernel_filter import attach
from engine.transport.packet.messages import SO_TIMESTAMPNS

_PACKET_IGNORE_OUTGOING = 23
_SOL_PACKET = 263
_SO_SNDBUFFORCE, _SO_RCVBUFFORCE = 32, 33
_IPPROTO_RAW = 255
_RECEIVE_BUFFER = 32 << 20
_SEND_BUFFER = 4 << 20


def open_receiver(ethertype: int, program: bytes) -> socket.socket:
    """A socket that gets the packets of one ethertype, from every interface, that ``program``
    lets pass; each starts with its network header. Raises OSError without CAP_NET_RAW."""
    receiver = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ethertype))
    try:
        attach(receiver, program)  # matching sorts out what came in before
        tune_receiver(receiver)
        receiver.setblocking(False)
    except BaseException:
        receiver.close()
        raise
    return receiver


def open_frame_sender(interface: str) -> socket.socket:
    """A socket that sends Ethernet frames on one interface and receives nothing. Raises OSError."""
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    try:
        _set_buffer(sender, _SO_SNDBUFFORCE, socket.SO_SNDBUF, _SEND_BUFFER)
        sender.setblocking(False)
        sender.bind((interface, 0))
    except BaseException:
        sender.close()
        raise
    return sender


def open_packet_sender(family: int, device: str = "") -> socket.socket:
    """A socket that sends IP packets, headers included, the way the kernel chooses (IPPROTO_RAW
    receives nothing). ``family`` is AF_INET or AF_INET6; ``device`` the only interface they may
    leave by, if named. Raises OSError."""
    sender = socket.socket(family, socket.SOCK_RAW, _IPPROTO_RAW)
    try:
        _set_buffer(sender, _SO_SNDBUFFORCE, socket.SO_SNDBUF, _SEND_BUFFER)
        sender.setblocking(False)
        if device:
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, os.fsencode(device))
    except BaseException:
        sender.close()
        raise
    return sender


def close_together(closers: Iterable[Callable[[], None]]) -> None:
    """Run several close() at once. The kernel waits about 10 ms for each packet socket
    (synchronize_net in packet_release), and waits that overlap cost no more than one."""
    first, *others = [*closers, lambda: None]
    threads = [threading.Thread(target=close, name="pyscan-close") for close in others[:-1]]
    for thread in threads:
        thread.start()
    first()
    for thread in threads:
        thread.join()


def tune_receiver(receiver: socket.socket) -> None:
    """Room for the answers that come while we are busy sending, and nothing we send ourselves."""
    _set_buffer(receiver, _SO_RCVBUFFORCE, socket.SO_RCVBUF, _RECEIVE_BUFFER)
    receiver.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    with contextlib.suppress(OSError):  # Linux before 4.20; matching sorts our probes out too
        receiver.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)


def _set_buffer(opened: socket.socket, forced: int, plain: int, size: int) -> None:
    """As large as asked for, or as the administrator allows without CAP_NET_ADMIN."""
    try:
        opened.setsockopt(socket.SOL_SOCKET, forced, size)
    except PermissionError:
        opened.setsockopt(socket.SOL_SOCKET, plain, size)
