"""Names from a file like hosts(5), which are known without asking anybody."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from engine.names.wording import readable

HOSTS_FILE = Path("/etc/hosts")

_MAX_FILE = 4 << 20


def read_hosts(path: Path = HOSTS_FILE) -> dict[bytes, str]:
    """The first name of each address, by the address's bytes (4 or 16).

    Lines that make no sense are passed over; a file that cannot be read holds no names. Only the
    first 4 MiB are looked at.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_FILE).decode("utf-8", "surrogateescape")
    except OSError:
        return {}
    names: dict[bytes, str] = {}
    for line in text.split("\n"):
        words = line.partition("#")[0].split()
        if len(words) < 2:
            continue
        try:
            address = ipaddress.ip_address(words[0]).packed
        except ValueError:
            continue
        names.setdefault(address, readable(words[1]))
    return names
