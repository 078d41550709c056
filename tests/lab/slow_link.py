"""A slow, lossy link in user space: two TUN devices and one process that carries the packets.

Run as ``python -m tests.lab.slow_link`` with the arguments relay_command() makes. Prints ``ready``
once both devices exist, ends when its stdin closes, and then prints one line of JSON with what each
direction carried. The devices live as long as the process.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import random
import select
import struct
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial

from tests.lab import namespace

End = tuple[str, str]
"""One end of a link: namespace and device name."""

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
LARGEST_PACKET = 2048
READS_PER_TURN = 64
DEVICE_QUEUE = 20_000
"""Packets the kernel may hold for us: the queue that counts is the link's own."""


@dataclass(frozen=True)
class LinkQuality:
    """How bad a link is, each way.

    Attributes:
        delay: seconds a packet is on its way.
        loss: share of packets lost at random, 0 to 1.
        rate: bytes per second; 0 is unlimited.
        packets: packets per second, whatever their size; 0 is unlimited.
        queue: packets that may wait for either rate; more are dropped. 0 is unlimited.
        seed: fixes which packets are lost.
    """

    delay: float = 0.0
    loss: float = 0.0
    rate: float = 0.0
    packets: float = 0.0
    queue: int = 0
    seed: int = 1


class Direction:
    """One way of the link: a line of packets, each with the time it arrives.

    The delay is the same for all, so packets stay in order and the line needs no sorting.
    """

    def __init__(self, quality: LinkQuality, seed: int) -> None:
        self._delay, self._loss = quality.delay, quality.loss
        self._per_byte = 1 / quality.rate if quality.rate else 0.0
        self._per_packet = 1 / quality.packets if quality.packets else 0.0
        self._queue = quality.queue
        self._spaced = bool(quality.rate or quality.packets)
        self._random = random.Random(seed).random
        self._free_at = 0.0
        self._waiting: deque[float] = deque()
        self._line: deque[tuple[float, bytes]] = deque()
        self.carried = self.lost = self.overflowed = 0
        self.late = 0.0

    def take(self, now: float, packet: bytes) -> None:
        """A packet enters the link at time ``now`` (seconds)."""
        if self._loss and self._random() < self._loss:
            self.lost += 1
            return
        leaves = now
        if self._spaced:
            waiting = self._waiting
            while waiting and waiting[0] <= now:
                waiting.popleft()
            if self._queue and len(waiting) >= self._queue:
                self.overflowed += 1
                return
            takes = max(len(packet) * self._per_byte, self._per_packet)
            leaves = self._free_at = max(now, self._free_at) + takes
            waiting.append(leaves)
        self._line.append((leaves + self._delay, packet))

    def deliver(self, now: float, give: Callable[[bytes], object]) -> None:
        """Hand over the packets that have arrived by ``now``."""
        line = self._line
        if line:
            self.late = max(self.late, now - line[0][0])
        while line and line[0][0] <= now:
            give(line.popleft()[1])
            self.carried += 1

    @property
    def due(self) -> float:
        """When the next packet arrives; infinite when none is on its way."""
        return self._line[0][0] if self._line else float("inf")

    @property
    def counts(self) -> dict[str, float]:
        """Packets, and ``late``: the seconds a packet came too late at most, because the relay or
        its machine was busy."""
        packets = {"carried": self.carried, "lost": self.lost, "overflowed": self.overflowed}
        return {**packets, "late": round(self.late, 4)}


def open_tun(end: End) -> int:
    """Make a TUN device in the end's namespace and return its descriptor. Raises OSError."""
    name, device = end

    def make() -> int:
        handle = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        request = struct.pack("16sH22x", device.encode(), IFF_TUN | IFF_NO_PI)
        fcntl.ioctl(handle, TUNSETIFF, request)
        return handle

    handle = namespace.inside(name, make)
    namespace.command("ip", "-n", name, "link", "set", device, "txqueuelen", str(DEVICE_QUEUE))
    return handle


def relay(near: int, far: int, outward: Direction, inward: Direction, stop: int) -> None:
    """Carry packets between two TUN descriptors until ``stop`` becomes readable."""
    ways = ((near, far, outward), (far, near, inward))
    while True:
        wait = min(outward.due, inward.due) - time.monotonic()
        timeout = None if wait == float("inf") else max(0.0, wait)
        ready = select.select((near, far, stop), (), (), timeout)[0]
        if stop in ready:
            return
        for source, sink, direction in ways:
            if source in ready:
                _read(source, direction)
            direction.deliver(time.monotonic(), partial(_write, sink))


def _read(source: int, direction: Direction) -> None:
    now = time.monotonic()
    try:
        for _ in range(READS_PER_TURN):
            direction.take(now, os.read(source, LARGEST_PACKET))
    except BlockingIOError:
        return


def _write(sink: int, packet: bytes) -> None:
    try:
        os.write(sink, packet)
    except OSError:
        return  # The device is not up yet, or its namespace is going away: a cable without an end.


def relay_command(near: End, far: End, quality: LinkQuality) -> tuple[str, ...]:
    """The command line of the relay process; it must run from the repository's root."""
    options = [f"--{name}={value}" for name, value in asdict(quality).items()]
    return (sys.executable, "-m", "tests.lab.slow_link", *near, *far, *options)


def main() -> None:
    parser = argparse.ArgumentParser(description="Carry packets between two namespaces, badly.")
    for name in ("near_namespace", "near_device", "far_namespace", "far_device"):
        parser.add_argument(name)
    for name, usual in asdict(LinkQuality()).items():
        parser.add_argument(f"--{name}", type=type(usual), default=usual)
    given = parser.parse_args()
    quality = LinkQuality(**{name: getattr(given, name) for name in asdict(LinkQuality())})
    near = open_tun((given.near_namespace, given.near_device))
    far = open_tun((given.far_namespace, given.far_device))
    outward, inward = Direction(quality, 2 * quality.seed), Direction(quality, 2 * quality.seed + 1)
    print("ready", flush=True)
    relay(near, far, outward, inward, sys.stdin.fileno())
    print(json.dumps({"outward": outward.counts, "inward": inward.counts}), flush=True)


if __name__ == "__main__":
    main()
