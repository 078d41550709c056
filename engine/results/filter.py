"""The filter a user types over the results: ``port:80,443 state:open -http``.

Blank-separated terms must all hold; ``-`` before a term turns it round. Every term becomes a lookup
table (per column, per host, per state or per reason), so that filtering is a few array look-ups.

=================  ==========================================================
``port:22,80-90``  port numbers and ranges, also ``80-`` and ``-1024``
``proto:udp``      protocol
``state:open``     state; ``open|filtered`` and other full names as they are;
                   ``state:changed``: another than before it was probed again
``reason:reset``   reason, or a part of it
``service:http``   service name, or a part of it
``host:10.0.0``    address or typed name, or a part of it
``ssh``, ``443``   a bare word: port number, or part of a service, state or host name
``/^10|web/``      a regular expression in place of a word, also after state:, reason:,
                   service: and host:; it may hold blanks (see ``pattern``)
=================  ==========================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from engine.results.cell import changed
from engine.results.pattern import Pattern, parse_pattern
from engine.results.pattern_syntax import PatternError
from engine.results.service_tables import channels_of_pattern, channels_of_services
from engine.results.snapshot import Snapshot
from engine.spec.error import SpecError
from engine.spec.port_state import INTERESTING, PortState
from engine.spec.reason import Reason
from engine.spec.scan_type import Protocol

MAX_LENGTH = 400
_PORTS = re.compile(r"(\d{0,5})(?:(-)(\d{0,5}))?", re.ASCII)
CHANGED = "changed"
"""After ``state:``: ports in another state than before they were probed again."""
FIELDS = ("port", "proto", "state", "reason", "service", "host")
_DULL_STATES = frozenset(state.label for state in PortState if state not in INTERESTING)
_TERM = re.compile(r"-?(?:[a-z]+:)?/(?:[^/\\]|\\.)*/(?!\S)|\S+", re.IGNORECASE)


class Term(Struct, frozen=True):
    """One condition: ``field`` empty for a bare word; ``pattern`` when it is in slashes."""

    field: str
    value: str
    negated: bool
    pattern: Pattern | None = None

    def holds(self, text: str) -> bool:
        """True when ``text``, in small letters, has the value or the pattern in it."""
        return self.value in text if self.pattern is None else self.pattern.found_in(text)

    def __str__(self) -> str:
        return f"{'-' * self.negated}{self.field}{':' * bool(self.field)}{self.value}"


class Filter(Struct, frozen=True):
    """A parsed filter; ``terms`` must all hold. As text it is what parse_filter() reads."""

    terms: tuple[Term, ...] = ()

    @property
    def names_states(self) -> bool:
        """True when a term is about states, such as ``state:closed``, or asks for ports that are
        ``closed`` or ``filtered``."""
        return any(
            term.field == "state" or (not term.field and term.value in _DULL_STATES)
            for term in self.terms
        )

    def bind(self, snapshot: Snapshot) -> BoundFilter:
        """The filter as lookup tables over one snapshot's hosts and columns."""
        return BoundFilter(tuple((_tables(term, snapshot), term.negated) for term in self.terms))

    def __str__(self) -> str:
        return " ".join(map(str, self.terms))


EVERYTHING = Filter()


class _Tables(Struct, frozen=True):
    """Lookup tables of one term; a cell passes when any of them says so."""

    columns: NDArray[np.bool_] | None = None
    hosts: NDArray[np.bool_] | None = None
    states: NDArray[np.bool_] | None = None
    reasons: NDArray[np.bool_] | None = None
    changed: bool = False


class BoundFilter(Struct, frozen=True):
    """A filter ready to be applied to blocks of cells."""

    tables: tuple[tuple[_Tables, bool], ...] = field(default=())

    def mask(self, hosts: NDArray[np.uint32], cells: NDArray[np.void]) -> NDArray[np.bool_]:
        """Which cells pass: bool array of the shape of ``cells``, (hosts, columns)."""
        passed = np.ones(cells.shape, bool)
        for table, negated in self.tables:
            hit = np.zeros(cells.shape, bool)
            if table.columns is not None:
                hit |= table.columns[None, :]
            if table.hosts is not None:
                hit |= table.hosts[hosts, None]
            if table.states is not None:
                hit |= table.states[cells["state"]]
            if table.reasons is not None:
                hit |= table.reasons[cells["reason"]]
            if table.changed:
                hit |= changed(cells)
            passed &= ~hit if negated else hit
        return passed


def parse_filter(text: str) -> Filter:
    """The filter meant by ``text``. Raises SpecError naming the term and what was expected."""
    if len(text) > MAX_LENGTH:
        raise SpecError("filter", text[:20], 0, f"is longer than {MAX_LENGTH} characters")
    terms = []
    for match in _TERM.finditer(text):
        word, position = match[0], match.start()
        negated = word.startswith("-") and len(word) > 1
        body = word[1:] if negated else word
        name, colon, value = body.partition(":")
        if colon and name.lower() in FIELDS:
            field = name.lower()
        elif colon and name.isalpha() and not _looks_like_address(body):
            raise SpecError("filter", name, position, "is not a field", f"use {', '.join(FIELDS)}")
        else:
            field, value = "", body
        pattern = _pattern(field, value, word, position)
        term = Term(field, value if pattern else value.lower(), negated, pattern)
        _check(term, word, position)
        terms.append(term)
    return Filter(tuple(terms))


def _pattern(field: str, value: str, word: str, position: int) -> Pattern | None:
    """The regular expression of a value in slashes; None for any other value."""
    if not value.startswith("/"):
        return None
    if len(value) < 3 or not value.endswith("/"):
        raise SpecError(
            "filter", word, position, "is not complete", "write /expression/, for example /^web/"
        )
    if field in ("port", "proto"):
        raise SpecError("filter", word, position, f"has no numbers or names after {field}:")
    try:
        return parse_pattern(value[1:-1])
    except PatternError as error:
        raise SpecError("filter", word, position, str(error)) from None


def _looks_like_address(word: str) -> bool:
    return re.fullmatch(r"[0-9a-f:.]+(%\S+)?", word, re.IGNORECASE) is not None


def _check(term: Term, word: str, position: int) -> None:
    if term.field and not term.value:
        raise SpecError("filter", word, position, f"has nothing after {term.field}:")
    if term.pattern is not None:
        return
    if term.field == "port":
        _port_ranges(term.value, position)
    if term.field == "proto" and term.value not in {p.label for p in Protocol}:
        raise SpecError("filter", word, position, "is not a protocol", "use tcp, udp, sctp or ip")
    if term.field == "state" and term.value not in (CHANGED, *(s.label for s in PortState)):
        states = ", ".join((*(s.label for s in PortState if s), CHANGED))
        raise SpecError("filter", word, position, "is not a state", f"use {states}")


def _port_ranges(value: str, position: int) -> list[tuple[int, int]]:
    ranges = []
    for piece in value.split(","):
        match = _PORTS.fullmatch(piece)
        first, dash, last = match.groups() if match else ("", "", "")
        low = int(first or 0)
        high = int(last or 65_535) if dash else low
        if not (first or last) or max(low, high) > 65_535:
            raise SpecError(
                "filter", piece, position, "is not a port or range", "for example port:22,80-90"
            )
        if low > high:
            raise SpecError("filter", piece, position, "runs backwards", f"use {high}-{low}")
        ranges.append((low, high))
    return ranges


def _tables(term: Term, snapshot: Snapshot) -> _Tables:
    channels = snapshot.view.channels
    ports = channels & 0xFFFF
    value, pattern = term.value, term.pattern

    def services() -> NDArray[np.bool_]:
        known = channels_of_services(value) if pattern is None else channels_of_pattern(pattern)
        named: NDArray[np.bool_] = known[channels]
        return named

    def hosts() -> NDArray[np.bool_]:
        passed = np.zeros(snapshot.view.host_count, bool)
        for host in snapshot.view.hosts.tolist():  # only these have cells
            passed[host] = any(term.holds(text) for text in _host_texts(snapshot, host))
        return passed

    def any_port() -> NDArray[np.bool_]:
        passed = np.zeros(len(ports), bool)
        for low, high in _port_ranges(value, 0):
            passed |= (ports >= low) & (ports <= high)
        return passed

    def state_table(exact: bool) -> NDArray[np.bool_]:
        exact = exact and pattern is None
        return np.array([s.label == value if exact else term.holds(s.label) for s in PortState])

    makers: dict[str, Callable[[], _Tables]] = {
        "port": lambda: _Tables(columns=any_port()),
        "proto": lambda: _Tables(columns=(channels >> 16) == Protocol[value.upper()]),
        "state": lambda: _Tables(
            states=state_table(exact=True), changed=value == CHANGED and pattern is None
        ),
        "reason": lambda: _Tables(reasons=np.array([term.holds(r.label) for r in Reason])),
        "service": lambda: _Tables(columns=services()),
        "host": lambda: _Tables(hosts=hosts()),
        "": lambda: _Tables(
            columns=any_port() if value.isascii() and value.isdecimal() and len(value) < 6
            and int(value) < 65_536 else services(),
            hosts=hosts(),
            states=None if value.isdecimal() else state_table(exact=False),
        ),
    }  # fmt: skip
    return makers[term.field]()


def _host_texts(snapshot: Snapshot, host: int) -> Iterator[str]:
    """What a host may be found by: its address, the name that was typed, and that in the DNS."""
    names = snapshot.names
    texts = (names.text(host), names.name(host), snapshot.hosts.name(host))
    return (text.lower() for text in texts if text)
