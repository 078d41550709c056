"""IPv6 target sets as intervals of 128-bit addresses, one line of numbers per scope."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator

from msgspec import Struct


def v6_text(address: int, scope: str = "") -> str:
    """A 128-bit address as text (RFC 5952), with ``%scope`` (RFC 4007) where there is one."""
    text = socket.inet_ntop(socket.AF_INET6, address.to_bytes(16, "big"))
    return f"{text}%{scope}" if scope else text


class V6Span(Struct, frozen=True):
    """The IPv6 addresses from ``first`` to ``last``, both included.

    Attributes:
        first, last: 128-bit values.
        scope: the interface a link-local address belongs to, or empty.
    """

    first: int
    last: int
    scope: str = ""

    @property
    def count(self) -> int:
        """How many addresses the span holds."""
        return self.last - self.first + 1

    def masked(self, bits: int) -> V6Span:
        """The span widened to whole blocks of addresses sharing their first ``bits`` bits."""
        low = (1 << (128 - bits)) - 1
        return V6Span(self.first & ~low, self.last | low, self.scope)

    def holds(self, other: V6Span) -> bool:
        """True when every address of ``other`` is in the span."""
        return self.scope == other.scope and self.first <= other.first and other.last <= self.last

    def addresses(self) -> Iterator[str]:
        """Every address as text, ascending."""
        address = self.first
        while address <= self.last:
            yield v6_text(address, self.scope)
            address += 1

    def __str__(self) -> str:
        """The CIDR blocks that make up the span, separated by blanks."""
        return " ".join(
            v6_text(first, self.scope) + ("" if bits == 128 else f"/{bits}")
            for first, bits in self._networks()
        )

    def _networks(self) -> Iterator[tuple[int, int]]:
        first = self.first
        while first <= self.last:
            aligned = (first & -first).bit_length() - 1 if first else 128
            fitting = (self.last - first + 1).bit_length() - 1
            low_bits = min(aligned, fitting)
            yield first, 128 - low_bits
            first += 1 << low_bits


def merge(spans: Iterable[V6Span]) -> list[V6Span]:
    """The same addresses as disjoint spans that do not touch, sorted by scope and address."""
    merged: list[V6Span] = []
    for span in sorted(spans, key=_order):
        if merged and merged[-1].scope == span.scope and span.first <= merged[-1].last + 1:
            last = max(merged[-1].last, span.last)
            merged[-1] = V6Span(merged[-1].first, last, span.scope)
        else:
            merged.append(span)
    return merged


def subtract(spans: Iterable[V6Span], holes: Iterable[V6Span]) -> list[V6Span]:
    """The addresses in ``spans`` and not in ``holes``, merged and sorted."""
    cuts = merge(holes)
    left: list[V6Span] = []
    at = 0
    for span in merge(spans):
        first = span.first
        while at < len(cuts) and (cuts[at].scope, cuts[at].last) < (span.scope, first):
            at += 1
        for cut in cuts[at:]:
            if cut.scope != span.scope or cut.first > span.last:
                break
            if cut.first > first:
                left.append(V6Span(first, cut.first - 1, span.scope))
            first = cut.last + 1
        if first <= span.last:
            left.append(V6Span(first, span.last, span.scope))
    return left


def _order(span: V6Span) -> tuple[str, int]:
    return span.scope, span.first
