"""The algebra of target sets against plain sets of addresses."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.spec.address import Piece
from engine.spec.error import SpecError
from engine.spec.octets import V4Box
from engine.spec.spans import V6Span
from engine.spec.targets import TargetSet, parse_targets

# Octets from a handful of values keep the universe small enough to enumerate and make overlaps
# likely; the values sit at the edges of the masks.
OCTET = st.sets(st.sampled_from([0, 1, 2, 3, 127, 128, 255]), min_size=1, max_size=4).map(
    lambda values: sum(1 << value for value in values)
)
BOXES = st.tuples(OCTET, OCTET, OCTET, OCTET).map(V4Box)
EDGES = [0, 1, 6, 0xFFFF << 32, (0xFFFF << 32) + 5, (1 << 48) + 3, (1 << 128) - 30]
SPANS = st.builds(
    lambda first, size: V6Span(first, first + size),
    st.sampled_from(EDGES),
    st.integers(0, 20),
)
LINK_LOCAL = st.builds(
    lambda first, size, scope: V6Span(first, first + size, scope),
    st.integers(0xFE80 << 112, (0xFE80 << 112) + 12),
    st.integers(0, 9),
    st.sampled_from(["", "eth0", "wlan0"]),
)
PIECES = st.lists(st.one_of(BOXES, SPANS, LINK_LOCAL), max_size=6)


def enumerated(pieces: list[Piece]) -> set[str]:
    """The addresses one by one, without those IPv6 cannot reach (::ffff:0:0/96)."""
    return {
        address
        for piece in pieces
        for address in piece.addresses()
        if not address.startswith("::ffff:")
    }


@given(PIECES)
def test_a_set_holds_each_address_once(pieces: list[Piece]) -> None:
    targets = TargetSet.of(pieces)
    listed = list(targets.addresses(1_000_000))
    assert len(listed) == targets.count == len(set(listed))
    assert set(listed) == enumerated(pieces)


@given(PIECES, PIECES)
def test_union_and_minus_are_those_of_sets(some: list[Piece], others: list[Piece]) -> None:
    left, right = TargetSet.of(some), TargetSet.of(others)
    limit = 1_000_000
    assert set(left.union(right).addresses(limit)) == enumerated(some) | enumerated(others)
    difference = left.minus(right)
    assert set(difference.addresses(limit)) == enumerated(some) - enumerated(others)
    assert difference.count == len(enumerated(some) - enumerated(others))
    assert left.minus(left) == TargetSet.empty()


@given(PIECES, PIECES)
def test_equal_sets_have_equal_pieces(some: list[Piece], others: list[Piece]) -> None:
    left, right = TargetSet.of(some), TargetSet.of(others)
    assert left.union(right).pieces == right.union(left).pieces
    assert left.minus(right).union(left).pieces == left.pieces


@given(PIECES)
def test_the_text_of_a_set_means_the_set(pieces: list[Piece]) -> None:
    targets = TargetSet.of(pieces)
    assert parse_targets(str(targets)).literals == targets


@given(PIECES)
def test_membership(pieces: list[Piece]) -> None:
    targets = TargetSet.of(pieces)
    inside = enumerated(pieces)
    for address in [*list(inside)[:20], "128.0.1.255", "::6", "fe80::3%eth0", "fe80::3"]:
        assert (address in targets) == (address in inside)
    assert "not an address" not in targets
    assert 7 not in targets


def test_cutting_one_address_from_a_box_leaves_at_most_four_boxes() -> None:
    network = parse_targets("10.0.0.0/8").literals
    left = network.minus(parse_targets("10.1.2.3").literals)
    assert len(left.pieces) <= 4
    assert left.count == network.count - 1
    assert "10.1.2.3" not in left
    assert "10.1.2.4" in left


def test_text_is_short_where_it_can_be() -> None:
    text = "10.0.0.0/24 10.0.1.0/24 10.0.4.9 192.168.0-255.1 fd00::/65 fd00::8000:0:0:0/65"
    assert str(parse_targets(text).literals) == "10.0.0.0/23 10.0.4.9 192.168.*.1 fd00::/64"


def test_an_enormous_set_is_listed_lazily() -> None:
    everything = parse_targets("0.0.0.0/0 ::/0").literals
    assert list(everything.addresses(2)) == ["0.0.0.0", "0.0.0.1"]
    assert "::1" in everything
    assert everything.count == 2**128


def test_names_follow_their_addresses() -> None:
    pieces = parse_targets("10.0.0.1-4").literals.pieces
    targets = TargetSet.of(pieces, [("10.0.0.1", "one"), ("10.0.0.2", "two")], "one two")
    left = targets.minus(parse_targets("10.0.0.2-3").literals)
    assert left.names == (("10.0.0.1", "one"),)
    other = TargetSet.of(pieces, [("10.0.0.1", "uno"), ("10.0.0.4", "four")], "uno")
    both = left.union(other)
    assert dict(both.names) == {"10.0.0.1": "one", "10.0.0.4": "four"}
    assert both.text == "one two uno"


def test_fifty_thousand_addresses_are_cut_from_a_network() -> None:
    chance = random.Random(5)
    addresses = {f"10.{'.'.join(str(chance.randrange(256)) for _ in '123')}" for _ in range(50_000)}
    holes = parse_targets(" ".join(addresses)).literals
    assert holes.count == len(addresses)
    left = parse_targets("10.0.0.0/8").literals.minus(holes)
    assert left.count == (1 << 24) - len(addresses)
    assert next(iter(addresses)) not in left


def test_a_tangle_of_patterns_is_refused_not_computed_for_ever() -> None:
    chance = random.Random(6)
    masks = iter(lambda: chance.getrandbits(256) | 1, 0)
    boxes = [V4Box((next(masks), next(masks), next(masks), next(masks))) for _ in range(60)]
    with pytest.raises(SpecError, match="overlap in too many ways"):
        TargetSet.of(boxes)


def test_many_plain_patterns_are_no_tangle() -> None:
    parsed = parse_targets(" ".join(f"{n}.1-9,77.*.{n}" for n in range(200)))
    assert parsed.count == 200 * 10 * 256
