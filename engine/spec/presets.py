"""Ready-made port lists: the top N, and groups of ports that belong together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from msgspec import Struct

from engine.spec.error import SpecError
from engine.spec.port_set import LAST_PORT, PortSet
from engine.spec.scan_type import Protocol
from engine.spec.services import popularity

Ranges = tuple[tuple[int, int], ...]


class Preset(Struct, frozen=True):
    """A port list with a name.

    Attributes:
        name: the word that stands for it in port text.
        title: name for people.
        about: one sentence saying what it covers.
        top: take the ``top`` most popular ports of protocols that have no ranges.
        tcp, udp, sctp, ip: ranges (first, last).
    """

    name: str
    title: str
    about: str
    top: int = 0
    tcp: Ranges = ()
    udp: Ranges = ()
    sctp: Ranges = ()
    ip: Ranges = ()

    def ports(self, protocols: Sequence[Protocol]) -> PortSet:
        """The preset's ports for these protocols; empty when it has none for them."""
        lists = dict(zip(Protocol, (self.tcp, self.udp, self.sctp, self.ip), strict=True))
        named = PortSet.of(
            (protocol, first, last) for protocol in protocols for first, last in lists[protocol]
        )
        others = [protocol for protocol in protocols if not lists[protocol]]
        return named.union(top_ports(self.top, others)) if self.top else named


def _ports(*ports: int | tuple[int, int]) -> Ranges:
    return tuple((port, port) if isinstance(port, int) else port for port in ports)


PRESETS: tuple[Preset, ...] = (
    Preset(
        "default", "Default", "The 1,000 ports most often found open; every IP protocol.", top=1000,
        ip=_ports((0, 255)),
    ),
    Preset("fast", "Fast", "The 100 ports most often found open.", top=100),
    Preset(
        "all", "All", "Every port from 1 to 65535, every IP protocol.",
        tcp=_ports((1, 65535)), udp=_ports((1, 65535)), sctp=_ports((1, 65535)),
        ip=_ports((0, 255)),
    ),
    Preset(
        "well-known", "Well-known", "Ports 1 to 1023, which only root may serve on Unix.",
        tcp=_ports((1, 1023)), udp=_ports((1, 1023)), sctp=_ports((1, 1023)),
    ),
    Preset(
        "web", "Web", "HTTP and HTTPS servers, proxies and the usual development ports.",
        tcp=_ports(80, 81, 443, 591, 3000, 3128, 4443, 5000, 8000, 8001, 8008, 8080, 8081, 8088,
                   8443, 8800, 8880, 8888, 9000, 9090, 9443),
        udp=_ports(80, 443, 8443),
    ),
    Preset(
        "mail", "Mail", "Sending and fetching mail, with and without TLS.",
        tcp=_ports(25, 110, 143, 465, 587, 993, 995, 2525, 4190),
    ),
    Preset(
        "databases", "Databases", "SQL and NoSQL databases, caches, search and their consoles.",
        tcp=_ports(523, (1433, 1434), 1521, 1583, 2049, 2379, 3050, 3306, 4333, 5432, 5433, 5984,
                   6379, (7000, 7001), 7199, 7474, 7687, 8086, 8091, 8123, 8529, 9042, 9160, 9200,
                   9300, 11211, 26257, (27017, 27019), 28015, 33060, 50000),
        udp=_ports(1434, 11211),
    ),
    Preset(
        "windows", "Windows", "Domain controllers, file sharing, remote management and RPC.",
        tcp=_ports(53, 88, 135, 139, 389, 445, 464, 593, 636, 1433, (3268, 3269), 3389, 5357, 5722,
                   (5985, 5986), 9389, 47001, (49152, 49175)),
        udp=_ports(53, 67, 88, 123, (137, 138), 389, 464, 500, 1434, 3389, 3702, 4500, 5355),
    ),
    Preset(
        "remote-access", "Remote access", "Shells, desktops and VPNs.",
        tcp=_ports((22, 23), (512, 514), 992, 1194, 1701, 1723, 2222, 3389, 4899, 5500,
                   (5800, 5803), (5900, 5910), (5985, 5986), (6000, 6005), 8291, 10000),
        udp=_ports(500, 1194, 1701, 3389, 4500, 51820, (60000, 60010)),
    ),
    Preset(
        "files", "File sharing", "FTP, SMB, NFS, AFP, rsync and TFTP.",
        tcp=_ports((20, 22), 111, 139, 445, 548, 873, 989, 990, 2049, 2121, 3260, 20048),
        udp=_ports(69, 111, (137, 138), 2049, 20048),
    ),
    Preset(
        "infrastructure", "Infrastructure", "Name, time, directory, logging and monitoring.",
        tcp=_ports(49, 53, 111, 161, 179, 389, 514, 636, 853, 1812, 6514, 9090, 9100, 10050, 10051),
        udp=_ports(49, 53, (67, 69), 111, 123, (161, 162), 389, 514, 520, 546, 547, 623, 853,
                   (1812, 1813), 1900, 2055, 5353, 6343),
    ),
    Preset(
        "containers", "Containers", "Docker, Kubernetes, etcd, Consul and registries.",
        tcp=_ports((2375, 2377), (2379, 2380), 4194, 4243, 5000, 6443, 6783, 7946, 8001, 8080, 8300,
                   8301, 8302, 8472, 8500, 8600, 9099, (10248, 10250), (10255, 10259),
                   (30000, 32767)),
        udp=_ports(4789, 6783, 6784, 7946, 8301, 8302, 8472, 8600, 51820),
    ),
    Preset(
        "printers", "Printers", "Printing protocols and the consoles of printers.",
        tcp=_ports(80, 443, 515, 631, (9100, 9107)),
        udp=_ports(161, 427, 631, 5353),
    ),
    Preset(
        "iot", "Things and industry", "Cameras, brokers, building and plant control.",
        tcp=_ports(23, 80, 102, 502, 554, 789, 1883, 1911, 1962, 2404, 4840, 4911, 5683, 7547, 8554,
                   8883, 9600, 18245, 20000, 20547, 37777, 34567, 44818),
        udp=_ports(161, 1900, 2222, 3702, 5353, (5683, 5684), 34964, 44818, 47808),
    ),
    Preset(
        "voice", "Voice and video", "SIP, H.323, STUN, RTSP and media control.",
        tcp=_ports(554, 1720, 1935, 2000, 2427, 3478, (5060, 5061), 5349, 8554),
        udp=_ports(1719, 2427, 2727, 3478, 4569, (5004, 5005), (5060, 5061), 5349),
    ),
)  # fmt: skip
"""Every preset, in the order a picker shows them."""

_FEW_IN_USE = (Protocol.SCTP, Protocol.IP)

PRESETS_BY_NAME = {preset.name: preset for preset in PRESETS}


def top_ports(n: int, protocols: Sequence[Protocol], within: PortSet | None = None) -> PortSet:
    """The ``n`` most popular ports of each protocol, or of each protocol's ports in ``within``.

    After the ports whose popularity is known come the others, ascending, so that ``n`` stays ``n``
    while there are ports left. Of SCTP and IP, where few numbers are in use at all, only those with
    a name count. Raises SpecError when ``n`` is not in 1 to 65535.
    """
    if not 1 <= n <= 65535:
        raise SpecError("top ports", str(n), 0, "is not a number of ports", "write 1 to 65535")
    result = PortSet()
    for protocol in protocols:
        whole = PortSet.of([(protocol, 1, LAST_PORT[protocol])])
        allowed = whole if within is None else within.only((protocol,))
        listed = popularity(protocol)
        if within is not None:
            candidates = set(allowed.ports(protocol))
            listed = tuple(port for port in listed if port in candidates)
        others = allowed.minus(PortSet.of_ports(protocol, listed)).ports(protocol)
        fill = 0 if protocol in _FEW_IN_USE else max(n - len(listed), 0)
        chosen = [*listed[:n], *islice(others, fill)]
        result = result.union(PortSet.of_ports(protocol, chosen))
    return result


def default_ports(protocols: Sequence[Protocol]) -> PortSet:
    """The ports scanned when none are named: the 1,000 most popular of TCP and UDP each, the SCTP
    ports that have a name, and every IP protocol."""
    return PRESETS_BY_NAME["default"].ports(protocols)
