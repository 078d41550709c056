"""Port expressions: the text of ``-p`` and of the port editor.

Items are separated by commas. An item is a port, a range, a service name (``*`` and ``?`` are
wildcards), a preset's name, or ``top`` with a number. ``T:``, ``U:``, ``S:`` or ``P:`` before an
item holds until the next such prefix. Inside ``[...]`` only ports with a service name count, and a
prefix ends with the bracket.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NoReturn

from msgspec import Struct

from engine.spec.error import SpecError
from engine.spec.port_set import LAST_PORT, PREFIXES, PortRange, PortSet
from engine.spec.presets import PRESETS_BY_NAME, default_ports, top_ports
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.services import named_ports, ports_named, service_names

__all__ = ["PortSet", "default_ports", "parse_ports", "top_ports"]

MAX_TEXT = 1 << 20
"""Characters of port text that are read at most."""
MAX_WORDS = 256
"""Names in one text; each may be compared with the whole list of services."""

_TOKEN = re.compile(r"[,\[\]]|[^,\[\]]+")
_PREFIX = re.compile(r"\s*([A-Za-z]+)\s*:")
_RANGE = re.compile(r"([0-9]*)\s*(-?)\s*([0-9]*)")
_TOP = re.compile(r"top-?([0-9]{1,9})")
_NAME = re.compile(r"[a-z0-9_.+*?-]*[a-z*?][a-z0-9_.+*?-]*", re.IGNORECASE)


def parse_ports(text: str, protocols: Sequence[Protocol]) -> PortSet:
    """The ports ``text`` means for a scan of ``protocols``.

    Raises SpecError at the first item that cannot be understood, and for a text without ports.
    """
    if len(text) > MAX_TEXT:
        raise SpecError("ports", text[:40], 0, "starts a text that is too long", "use ranges")
    if not text.strip():
        raise SpecError("ports", text, 0, "names no port", "write for example 22,80,8000-8100")
    if not protocols:
        raise SpecError("ports", text.strip(), 0, "belong to no scan", "choose a scan type first")
    return PortSet.of(_Reader(text, tuple(protocols)).ranges())


class _Item(Struct, frozen=True):
    """One item between commas, without its prefix."""

    text: str
    position: int
    protocols: tuple[Protocol, ...]

    def fail(self, problem: str, hint: str = "") -> NoReturn:
        raise SpecError("ports", self.text, self.position, problem, hint)


class _Reader:
    """Reads one port text from left to right."""

    def __init__(self, text: str, protocols: tuple[Protocol, ...]) -> None:
        self.text = text
        self.asked = protocols
        self.active = protocols
        self.words = 0

    def ranges(self) -> Iterator[PortRange]:
        """The ranges of every item, as written."""
        outside: tuple[Protocol, ...] | None = None
        bracket, inside = 0, list[PortRange]()
        expecting = True
        for match in _TOKEN.finditer(self.text):
            token, position = match[0], match.start()
            if token == ",":
                if expecting:
                    self._fail(token, position, "has no port before it", "remove the comma")
                expecting = True
            elif token == "[":
                if outside is not None or not expecting:
                    self._fail(token, position, "does not belong here", "write [list] as an item")
                outside, bracket, inside = self.active, position, []
            elif token == "]":
                if outside is None or expecting:
                    problem = "closes nothing" if outside is None else "closes an empty item"
                    self._fail(token, position, problem, "write [list] as an item")
                self.active, outside = outside, None
                yield from _with_service(PortSet.of(inside))
            elif token.strip():
                if not expecting:
                    self._fail(token.strip(), position, "follows a bracket", "put a comma between")
                found = self._item(token, position)
                expecting = False
                if outside is None:
                    yield from found
                else:
                    inside += found
        if outside is not None:
            self._fail("[", bracket, "is not closed", "add ]")

    def _item(self, token: str, position: int) -> list[PortRange]:
        prefix = _PREFIX.match(token)
        start = 0
        if prefix is not None:
            self._switch(token[prefix.start(1) : prefix.end()], position + prefix.start(1))
            start = prefix.end()
        body = token[start:]
        start += len(body) - len(body.lstrip())
        item = _Item(body.strip(), position + start, self.active)
        if not item.text:
            self._fail(
                token.strip(), position, "has a prefix but no port", "write for example U:53"
            )
        return _range(item) or self._word(item)

    def _switch(self, written: str, position: int) -> None:
        """Let a prefix take effect, as it is written, with its colon."""
        letter = written.partition(":")[0].strip()
        protocol = PREFIXES.get(letter)
        if protocol is None:
            likely = letter[0].upper()
            hint = f"did you mean {likely}:?" if likely in PREFIXES else "use T:, U:, S: or P:"
            self._fail(written.strip(), position, "is not a protocol prefix", hint)
        if protocol not in self.asked:
            options = " or ".join(one.option for one in ScanType if one.protocol is protocol)
            hint = (
                f"add {options}, or leave these ports out" if options else "leave these ports out"
            )
            name = protocol.name
            self._fail(written.strip(), position, f"needs {_article(name)} {name} scan", hint)
        self.active = (protocol,)

    def _word(self, item: _Item) -> list[PortRange]:
        """The ports of a preset, ``topN`` or a service name."""
        self.words += 1
        if self.words > MAX_WORDS:
            item.fail(f"comes after {MAX_WORDS} names, the most one text takes", "use numbers")
        word = item.text.lower()
        top = _TOP.fullmatch(word)
        if top is not None:
            if not 1 <= int(top[1]) <= 65535:
                item.fail("is not a number of ports", "write top1 to top65535")
            return list(top_ports(int(top[1]), item.protocols).ranges)
        if word in PRESETS_BY_NAME:
            found = PRESETS_BY_NAME[word].ports(item.protocols).ranges
            if not found:
                item.fail(f"has no {_labels(item.protocols)} ports")
            return list(found)
        if not _NAME.fullmatch(word):
            item.fail("is not a port", "write a port, a range such as 20-25, or a service name")
        return _named(item, word)

    def _fail(self, piece: str, position: int, problem: str, hint: str = "") -> NoReturn:
        raise SpecError("ports", piece, position, problem, hint)


def _with_service(ports: PortSet) -> Iterator[PortRange]:
    """The ports our list of services has a name for."""
    for protocol in ports.protocols:
        listed = PortSet.of_ports(protocol, named_ports(protocol))
        yield from ports.only((protocol,)).minus(ports.minus(listed)).ranges


def _range(item: _Item) -> list[PortRange]:
    """The ports of ``n``, ``n-m``, ``-m``, ``n-`` or ``-``; empty for anything else."""
    match = _RANGE.fullmatch(item.text)
    if match is None:
        if re.fullmatch(r"[0-9 \t-]+", item.text):
            item.fail("is not a range", "write first-last, and commas between items")
        return []
    low, dash, high = match.groups()
    if not dash and high:
        item.fail("has a blank inside", f"did you mean {low},{high} or {low}{high}?")
    highest = max(LAST_PORT[protocol] for protocol in item.protocols)
    if len(low) > 9 or len(high) > 9 or max(int(low or 0), int(high or 0)) > highest:
        if highest == 255:
            item.fail("is too high", "protocol numbers go from 0 to 255")
        item.fail("is too high", "ports go from 0 to 65535")
    if low and high and int(low) > int(high):
        item.fail("runs backwards", f"did you mean {int(high)}-{int(low)}?")
    found = []
    for protocol in item.protocols:
        start = int(low) if low else 0 if protocol is Protocol.IP else 1
        end = (int(high) if high else LAST_PORT[protocol]) if dash else start
        if start <= end:
            found.append((protocol, start, min(end, LAST_PORT[protocol])))
    if not found:
        item.fail("holds no port", "an open range starts at 1; write 0 for port 0")
    return [part for part in found if part[1] <= part[2]]


def _named(item: _Item, word: str) -> list[PortRange]:
    """The ports of a service name or a wildcard over service names."""
    found = [
        (protocol, port, port)
        for protocol in item.protocols
        for port in ports_named(word, protocol)
    ]
    if found:
        return found
    if "*" in word or "?" in word:
        item.fail("matches no service name")
    labels = _labels(item.protocols)
    elsewhere = [one for one in Protocol if one not in item.protocols and ports_named(word, one)]
    if elsewhere:
        item.fail(f"is no {labels} service", f"it is known for {_labels(elsewhere)}")
    known = sorted({*PRESETS_BY_NAME}.union(*map(service_names, item.protocols)))
    from difflib import get_close_matches  # loads much, and is needed for mistakes only

    near = get_close_matches(word, known, n=1)
    hint = f"did you mean {near[0]}?" if near else "write a port number"
    raise SpecError("ports", item.text, item.position, "is not a known service", hint)


def _labels(protocols: Sequence[Protocol]) -> str:
    return " or ".join(protocol.name for protocol in protocols) or "scanned"


def _article(word: str) -> str:
    return "an" if word[0] in "SI" else "a"
