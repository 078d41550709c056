"""The address book: host indices and addresses, both ways, while it grows."""

from __future__ import annotations

import ipaddress
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.core import addressing
from engine.core.addressing import AddressBook
from engine.spec.error import SpecError
from engine.spec.targets import TargetSet
from tests.engine.core.simulated_scan import targets

MIXED = "10.0.0.1-3,7 192.0.2.8/30 fd00::/126 fe80::1%lo 10.9,4.0.1"


def find(book: AddressBook, text: str) -> int:
    address = ipaddress.ip_address(text)
    if address.version == 4:
        return int(book.find_v4(np.array([int(address)], np.uint32))[0])
    return int(book.find_v6(np.frombuffer(address.packed, np.uint8)[None, :])[0])


def check(book: AddressBook) -> None:
    texts = [book.text(host) for host in range(book.count)]
    assert len(set(texts)) == book.count == book.targets.count
    assert [find(book, text) for text in texts] == list(range(book.count))
    every = np.arange(book.count, dtype=np.uint32)
    families = [ipaddress.ip_address(text).version for text in texts]
    assert book.families(every).tolist() == families
    v4 = every[book.families(every) == 4]
    assert [str(ipaddress.IPv4Address(int(n))) for n in book.v4(v4)] == [texts[i] for i in v4]
    v6 = every[book.families(every) == 6]
    assert [str(ipaddress.IPv6Address(n.tobytes())) for n in book.v6(v6)] == [texts[i] for i in v6]
    order = sorted(texts, key=lambda text: (":" in text, int(ipaddress.ip_address(text))))
    keys = book.sort_keys()
    assert [texts[host] for host in np.argsort(keys)] == order
    assert book.sort_keys(every[::-1]).tolist() == keys[::-1].tolist() and keys.max() < 1 << 34


@pytest.mark.parametrize("text", ["10.0.0.1", "fd00::1", "10.0.0.0/26", "fd00::/122", MIXED])
def test_both_ways(text: str) -> None:
    book = AddressBook(targets(text))
    check(book)
    assert sorted(book.text(i) for i in range(book.count)) == sorted(
        address.partition("%")[0] for address in targets(text).addresses(1000)
    )


def test_strangers_are_not_found() -> None:
    book = AddressBook(targets(MIXED))
    for stranger in ("0.0.0.0", "10.0.0.4", "255.255.255.255", "::", "fd00::4", "ffff::"):
        assert find(book, stranger) == -1
    for text in ("10.0.0.1", "fd00::1"):
        one_family = AddressBook(targets(text))
        assert find(one_family, "192.0.2.1") == find(one_family, "2001:db8::") == -1


def test_no_addresses() -> None:
    book = AddressBook(TargetSet.empty())
    assert book.count == 0 and find(book, "10.0.0.1") == -1
    assert not len(book.find_v4(np.empty(0, np.uint32)))
    assert not len(book.find_v6(np.empty((0, 16), np.uint8)))


pieces = st.sampled_from(
    [
        "10.0.0.1-9",
        "10.0.0.5-20",
        "10.0.0.0/28",
        "9.1.1.1",
        "fd00::/125",
        "fd00::4",
        "::1",
        "1.2.3.4",
    ]
)


@settings(max_examples=40, deadline=None)
@given(st.lists(pieces, min_size=1, max_size=6))
def test_growing_never_changes_an_index(texts: list[str]) -> None:
    book = AddressBook(targets(texts[0]))
    for text in texts[1:]:
        before = [book.text(host) for host in range(book.count)]
        added = book.extend(targets(text))
        assert [book.text(host) for host in range(len(before))] == before
        assert added == book.count - len(before)
        assert book.extend(targets(text)) == 0
    check(book)


def test_names_and_scopes() -> None:
    named = replace(targets("10.0.0.1-2 fe80::1%lo"), names=(("10.0.0.2", "web.example"),))
    book = AddressBook(named)
    index = {book.text(host): host for host in range(book.count)}
    assert book.name(index["10.0.0.2"]) == "web.example" and book.name(index["10.0.0.1"]) == ""
    assert book.scope(index["fe80::1"]) == "lo" and book.scope(index["10.0.0.1"]) == ""
    book.extend(replace(targets("10.0.0.1-3"), names=(("10.0.0.3", "db"), ("10.0.0.2", "other"))))
    assert book.name(find(book, "10.0.0.3")) == "db"
    assert book.name(index["10.0.0.2"]) == "web.example"
    later = targets("fe80::2%lo")
    book.extend(later)
    assert book.scope(find(book, "fe80::2")) == "lo"


def test_too_many_addresses_are_refused_and_nothing_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(addressing, "MAX_HOSTS", 10)
    book = AddressBook(targets("10.0.0.1-8"))
    with pytest.raises(SpecError, match="more than one scan can hold"):
        book.extend(targets("fd00::/64"))
    assert book.count == 8
    check(book)
    with pytest.raises(SpecError):
        AddressBook(targets("10.0.0.0/8"))


octets = st.lists(st.integers(0, 255), min_size=1, max_size=4, unique=True).map(
    lambda some: ",".join(map(str, sorted(some)))
)
expressions = st.one_of(
    pieces,
    st.tuples(octets, octets, octets, octets).map(".".join),
    st.builds("10.{}.0.0/{}".format, st.integers(0, 255), st.integers(23, 32)),
    st.builds(
        "fd00::{:x}:{:x}/{}".format, st.integers(0, 3), st.just(0xFFF0), st.integers(118, 128)
    ),
    st.builds("fe80::{:x}%{}/125".format, st.integers(0, 9), st.sampled_from(["lo", "eth7"])),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(expressions, min_size=1, max_size=5), st.sampled_from([1, 8, 1 << 16]), st.data())
def test_arithmetic_equals_the_plain_list(
    texts: list[str], most_runs: int, data: st.DataObject
) -> None:
    """Whether patterns become runs or grids, a book means what its target sets list in order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(addressing, "_MOST_RUNS", most_runs)
        book = AddressBook(targets(texts[0]))
        plain = list(targets(texts[0]).addresses(1 << 20))
        for text in texts[1:]:
            plain += targets(text).minus(book.targets).addresses(1 << 20)
            book.extend(targets(text))
    assert book.count == len(plain)
    some = data.draw(st.lists(st.integers(0, len(plain) - 1), min_size=1, max_size=50))
    for host in some:
        address, _, scope = plain[host].partition("%")
        assert (book.text(host), book.scope(host)) == (address, scope)
        found = find(book, address)
        assert found == host if not scope else plain[found].partition("%")[0] == address
    hosts = np.array(some, np.uint32)
    by_key = hosts[np.argsort(book.sort_keys(hosts), kind="stable")]
    values = [ipaddress.ip_address(book.text(int(host))) for host in by_key]
    unscoped = [
        (one.version, int(one))
        for one, at in zip(values, by_key, strict=True)
        if not book.scope(int(at))
    ]
    assert unscoped == sorted(unscoped)


@pytest.mark.parametrize("text", ["10.0.0.0/8", "0-254.0.0.0/8", "*.*.*.1,3", "fd00::ffff:0:0/97"])
def test_a_book_of_millions_takes_no_memory(text: str) -> None:
    tracemalloc.start()
    try:
        book = AddressBook(targets(text))
        hosts = np.array([0, 1, 4_711, book.count // 2, book.count - 1], np.uint32)
        assert [find(book, book.text(int(host))) for host in hosts] == hosts.tolist()
        assert (np.diff(book.sort_keys(hosts)) > 0).all()
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_addresses_across_the_middle_of_an_ipv6_address() -> None:
    """A span may carry from the lower 64 bits into the upper ones."""
    book = AddressBook(targets("fd00::ffff:ffff:ffff:fff0/124 fd00:0:0:1::/124"))
    check(book)
    assert book.text(15) == "fd00::ffff:ffff:ffff:ffff" and book.text(16) == "fd00:0:0:1::"
