"""HostRows: which hosts the hosts pane lists, in address order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.results.host_view import HostBlock, HostView
from engine.results.snapshot import Snapshot
from engine.spec.host_state import HostState
from engine.spec.reason import Reason

MAX_FILTER = 200
MOST_LISTED = 1 << 20
"""Hosts of a scan beyond which those there is nothing to say of are never listed, and no more than
this of the others."""
SKIPPED = "skipped"
PROBLEM = "problem"
_STATES = {state.label: state for state in HostState}
_Mask = NDArray[np.bool_]


class Word(Struct, frozen=True):
    """One word of a filter for hosts; ``negated`` by a dash before it.

    ``up``, ``down``, ``unknown``, ``skipped`` and ``problem`` are states; any other word is a part
    of the address, of the name or of the reason.
    """

    text: str
    negated: bool = False

    @property
    def is_state(self) -> bool:
        """Whether the word is a state, and no text to look for."""
        return self.text in _STATES or self.text in (SKIPPED, PROBLEM)


def parse_words(text: str) -> tuple[Word, ...]:
    """The words of a filter; all of them must hold. Every text means something."""
    return tuple(
        Word(word.removeprefix("-"), word.startswith("-"))
        for word in text[:MAX_FILTER].lower().split()
        if word != "-"
    )


class HostRows:
    """The hosts that are listed, of all hosts of the newest snapshot.

    Hosts that are down or not yet asked are folded away when they would fill more than a screen,
    unless ``show_quiet``; of more than MOST_LISTED hosts always. Works on whole arrays; only a text
    that is looked for costs a step per host, once for each word and change.

    Attributes:
        order: host indices in display order.
        folded: how many hosts are folded away.
        filtered: how many others the filter holds back.
        show_quiet: list every host.
        too_many: the hosts are more than can be listed.
    """

    def __init__(self) -> None:
        self.show_quiet = False
        self.clear()

    def clear(self) -> None:
        """Forget the hosts: another scan begins."""
        self.order: NDArray[np.intp] = np.empty(0, np.intp)
        self.too_many = False
        self.folded = 0
        self.filtered = 0
        self.words: tuple[Word, ...] = ()
        self._snapshot: Snapshot | None = None
        self._by_address: NDArray[np.intp] = np.empty(0, np.intp)
        self._texts: list[str] = []
        self._text_of: dict[int, str] = {}
        self._names: dict[tuple[str, int], tuple[HostBlock, NDArray[np.intp]]] = {}
        self._arranged: object = None

    def __len__(self) -> int:
        return len(self.order)

    def place(self, host: int | None) -> int | None:
        """Where a host stands in the list, or None."""
        if host is None:
            return None
        hits = np.flatnonzero(self.order == host)
        return int(hits[0]) if len(hits) else None

    def show(self, snapshot: Snapshot, page: int) -> bool:
        """Take ``snapshot``; a screen has ``page`` lines. True when the list is another."""
        self._snapshot = snapshot
        basis = (
            snapshot.hosts.version,
            snapshot.view.host_count,
            len(snapshot.view.hosts),
            len(snapshot.problems),
            len(snapshot.skipped),
            self.words,
            self.show_quiet,
            page,
        )
        if basis == self._arranged:
            return False
        self._arranged = basis
        before = self.order
        self._arrange(snapshot, page)
        return not np.array_equal(before, self.order)

    def _arrange(self, snapshot: Snapshot, page: int) -> None:
        count = snapshot.view.host_count
        self.too_many = count > MOST_LISTED
        hosts = snapshot.outspoken()[:MOST_LISTED] if self.too_many else np.arange(count)
        shown = np.ones(len(hosts), bool)
        for word in self.words:
            shown &= self._hits(word, snapshot, hosts) ^ word.negated
        self.filtered = len(hosts) - int(np.count_nonzero(shown))
        self.folded = count - len(hosts)
        if self.too_many:
            listed = hosts[shown]
            self.order = listed[np.argsort(snapshot.names.sort_keys(listed), kind="stable")]
            return
        quiet = shown & quiet_hosts(snapshot)
        if not self.show_quiet and not self.words and np.count_nonzero(quiet) > page:
            self.folded = int(np.count_nonzero(quiet))
            shown &= ~quiet
        if count != len(self._by_address):
            # The address book is shared with the engine and may already hold hosts added since.
            self._by_address = np.argsort(snapshot.names.sort_keys(hosts), kind="stable")
        self.order = self._by_address[shown[self._by_address]]

    def _hits(self, word: Word, snapshot: Snapshot, hosts: NDArray[np.intp]) -> _Mask:
        """Which of the hosts (ascending) a word, not negated, speaks of."""
        if word.text == SKIPPED:
            return np.isin(hosts, list(snapshot.skipped))
        if word.text == PROBLEM:
            return np.isin(hosts, list(snapshot.problems))
        records = snapshot.hosts.take(hosts)
        if word.text in _STATES:
            alike: _Mask = records["state"] == _STATES[word.text]
            return alike
        reasons = np.array([word.text in reason.label for reason in Reason])
        hits: _Mask = self._address_hits(word.text, snapshot, hosts) | reasons[records["reason"]]
        for named in self._name_hits(word.text, snapshot.hosts):
            hits |= np.isin(hosts, named)
        return hits

    def _address_hits(self, text: str, snapshot: Snapshot, hosts: NDArray[np.intp]) -> _Mask:
        """Which addresses and typed names have the text in them."""
        if self.too_many:
            names = snapshot.names
            for host in hosts.tolist():
                if host not in self._text_of:
                    self._text_of[host] = f"{names.text(host)} {names.name(host).lower()}"
            return np.array([text in self._text_of[host] for host in hosts.tolist()], bool)
        self.read_texts(snapshot)
        return np.array([text in one for one in self._texts[: len(hosts)]], bool)

    def read_texts(self, snapshot: Snapshot) -> None:
        """Write every address and typed name down, once: they never change. May run beside the
        screen, because 65,536 of them take a second. Of too many hosts none are."""
        names, known = snapshot.names, self._texts
        count = snapshot.view.host_count
        if len(known) < count <= MOST_LISTED:
            fresh = [f"{names.text(i)} {names.name(i).lower()}" for i in range(len(known), count)]
            if known is self._texts:
                self._texts = known + fresh

    def _name_hits(self, text: str, view: HostView) -> Iterator[NDArray[np.intp]]:
        """Hosts whose looked-up names have the text in them, block by block."""
        for number, block in enumerate(view.blocks):
            if not block.names:
                continue
            kept = self._names.get((text, number))
            if kept is None or kept[0] is not block:
                found = [host for host, name in block.names.items() if text in name.lower()]
                kept = self._names[text, number] = (block, np.array(found, np.intp))
            yield kept[1]


def quiet_hosts(snapshot: Snapshot) -> _Mask:
    """Hosts there is little to say of: down, or not asked yet while others have been; never those
    whose ports are scanned. Without discovery there are none."""
    quiet = np.zeros(snapshot.view.host_count, bool)
    if snapshot.hosts.up or snapshot.hosts.down:
        quiet[:] = True
        quiet[snapshot.outspoken()] = False
    return quiet
