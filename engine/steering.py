"""SteeredScan: a running scan that takes commands. All of them belong to the engine thread."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from engine.core.channels import channels_of
from engine.core.distinct import distinct
from engine.narrator import counted
from engine.outcomes import ports_left, timing_changed, types_changed
from engine.results.cell import key_records
from engine.results.snapshot import Phase
from engine.runner import ScanRunner
from engine.spec.error import SpecError
from engine.spec.port_state import PortState
from engine.spec.ports import PortSet
from engine.spec.scan_type import Protocol, ScanType
from engine.spec.targets import TargetSet
from engine.spec.timing import TimingTemplate
from engine.transport.base import Recorder
from engine.transport.live import STRAGGLERS


class SteeredScan(ScanRunner):
    """A ScanRunner whose scan can be changed while it runs, and taken up again after its end."""

    def _restart(self) -> None:
        if self.phase.over:
            self.phase = Phase.RUNNING
            self._elapsed_before, self._ended = self.elapsed, None
            self._work.leave_out(self.transport.now())
            self._hold(False)

    def _hold(self, paused: bool) -> None:
        self._core.paused = paused
        if self._finder is not None:
            self._finder.core.paused = paused

    def pause(self) -> None:
        """Send nothing more until resume(); answers still count."""
        if self.phase is Phase.RUNNING:
            self._hold(True)
            self.phase = Phase.PAUSED
            waiting = f"answers to probes in flight still count; {self._left()}"
            self._say(0, f"paused: nothing is sent, {waiting}")

    def resume(self) -> None:
        """Go on after pause()."""
        if self.phase is Phase.PAUSED:
            self._hold(False)
            self.phase = Phase.RUNNING
            self._say(0, f"resumed; {self._left()}")

    def set_timing(self, timing: TimingTemplate) -> None:
        """Another timing template, at once."""
        before, rate = self._core.timing, self._core.pace.rate
        self._core.set_timing(timing)
        if self._finder is not None:
            self._finder.core.set_timing(timing)
        self.transport.await_answers_for(timing.max_timeout + STRAGGLERS)
        rates = (rate, self._core.pace.rate)
        left, hosts = self._undecided(), self._unfound()
        self._say(0, timing_changed(before, timing, rates, left, hosts))

    def _undecided(self) -> int:
        return self._core.open_cells + self._admission.cells_left

    def _left(self) -> str:
        return ports_left(self._undecided(), self._unfound())

    def _unfound(self) -> int:
        return 0 if self._finder is None else self._finder.beyond + self._finder.core.open_hosts

    def set_scan_types(self, scan_types: tuple[ScanType, ...], redo_decided: bool) -> None:
        """Other scan types for everything undecided, or for everything."""
        protocols = tuple(scan_type.protocol for scan_type in scan_types)
        ports = self._ports
        for protocol in protocols:
            if not ports.count(protocol):
                ports = ports.union(_same_numbers(ports, protocol))
        self._store.grow(self.book.count, channels_of(ports, protocols))
        self._ports = ports
        self._restart()
        before = self._scan_types
        self._scan_types = scan_types
        known = {scan_type.protocol for scan_type in before}
        fresh = tuple(one for one in protocols if one not in known)
        self._core.set_scan_types(scan_types)
        redone = self._core.rescan(self._store.positions()) if redo_decided else 0
        if fresh:
            self._ask_too_later(ports.only(fresh))
        if redo_decided:
            self._admission.again(self._redo)
        left, hosts = self._undecided(), self._unfound()
        self._say(0, types_changed(before, scan_types, left, redone, hosts))

    def rescan(self, keys: NDArray[np.int64], scan_type: ScanType | None = None) -> None:
        """Probe cells again, or with ``scan_type`` those of its protocol with that. Raises
        SpecError when the scan does not probe the protocol."""
        if scan_type is not None:
            self._require_scanned(scan_type)
            keys = keys[keys >> 16 & 3 == scan_type.protocol]
        records = key_records(keys)
        self._core.take_back(records["host"])
        at = self._store.locate(records)
        at = at[at >= 0]
        self._rescan(at, distinct(self._store.name(at)[0]).tolist(), scan_type)

    def rescan_states(
        self,
        states: frozenset[PortState],
        scan_type: ScanType | None = None,
        host: int | None = None,
    ) -> None:
        """As rescan(), for all cells of a host, or of all hosts, that are in one of these states.
        Hosts that were skipped or given up are taken up again for those undecided."""
        if scan_type is not None:
            self._require_scanned(scan_type)
        if host is not None and not 0 <= host < self.book.count:
            return
        protocol = None if scan_type is None else int(scan_type.protocol)
        store = self._store
        at = np.concatenate([store.positions(protocol, host), store.pending(protocol, host)])
        at = at[np.isin(store.states(at), list(states))]
        if host is None and PortState.PENDING in states and store.any_withdrawn:
            self._admission.again(self._core.revive_hosts)
        self._rescan(at, distinct(store.name(at)[0]).tolist(), scan_type)

    def _require_scanned(self, scan_type: ScanType) -> None:
        if scan_type.protocol not in {one.protocol for one in self._scan_types}:
            name = scan_type.protocol.label.upper()
            hint = "choose a scan type that does first"
            problem = f"probes {name} ports, and this scan has none"
            raise SpecError("scan type", scan_type.option, None, problem, hint)
        if self._admission.huge:
            hint = "change the scan type for all ports instead"
            problem = "cannot be used for some ports of a scan as large as this"
            raise SpecError("scan type", scan_type.option, None, problem, hint)

    def rescan_host(self, host: int) -> None:
        """Probe all decided cells of a host again, and those given up when it was skipped; ask a
        host that is not up once more whether it is."""
        if not 0 <= host < self.book.count:
            return
        self._core.take_back(np.array([host], np.uint32))
        if host in self._store.admitted:
            self._doubts.forget(host)
            self._rescan(self._store.positions(host=host), [host])
        else:
            self.ping_again(np.array([host], np.uint32))

    def ping_again(self, hosts: NDArray[np.uint32]) -> None:
        """Find out anew whether hosts are up. Those that come up for the first time are scanned."""
        hosts = hosts[hosts < self.book.count]
        if self._finder is None or not len(hosts):
            self._say(0, "this scan asks no host whether it is up")
            return
        self._restart()
        self._problems.forget(hosts.tolist())
        self._skipped.difference_update(hosts.tolist())
        self._finder.ask_again(hosts)
        self._say(0, f"asking {counted(len(hosts), 'host')} again")

    def assume_up(self, host: int) -> None:
        """Scan a host's ports although it did not answer."""
        if not 0 <= host < self.book.count or self._store.knows(np.array([host], np.uint32))[0]:
            return
        if self._finder is None:
            return  # its turn comes, or has been
        self._restart()
        self._problems.forget([host])
        self._skipped.discard(host)
        if self._finder is not None:
            self._finder.assume_up(host, self.transport.now())
        self._admit(np.array([host], np.uint32))
        self._say(0, f"scanning {self.book.text(host)} although it did not answer; {self._left()}")

    def rescan_all(self) -> None:
        """Probe every decided cell again."""
        at = self._store.positions()
        for host in tuple(self._doubts.texts):
            self._doubts.forget(host)
        self._admission.again(self._redo)
        self._rescan(at, distinct(self._store.name(at)[0]).tolist())

    def _redo(self, hosts: NDArray[np.uint32]) -> None:
        """Probe the ports of hosts again that were let go."""
        self._core.rescan(self._core.take_back(hosts))

    def _ask_too_later(self, ports: PortSet) -> None:
        """Ask more ports of the hosts that were let go."""
        self._admission.again(partial(self._ask_too, ports), channels_of(ports, tuple(Protocol)))

    def _ask_too(self, ports: PortSet, hosts: NDArray[np.uint32]) -> None:
        hosts = self._store.released(hosts)  # others are not admitted yet, or down
        self._core.take_back(hosts)
        for scan_type in self._scan_types:
            channels = channels_of(ports, (scan_type.protocol,))
            if len(channels):
                self._core.admit(hosts, channels)

    def _rescan(
        self, at: NDArray[np.int64], hosts: list[int], scan_type: ScanType | None = None
    ) -> None:
        """Probe cells again; their hosts are taken up again, whatever became of them."""
        self._restart()
        before = self._core.open_cells
        self._problems.forget(hosts)
        self._skipped.difference_update(hosts)
        for host in hosts:
            self._core.revive_host(host)
        self._core.rescan(at, scan_type)
        self._changes.asked_again = True
        fresh = counted(self._core.open_cells - before, "port")
        how = "" if scan_type is None else f" with {scan_type.option} {scan_type.title}"
        self._say(0, f"probing {fresh} again{how}; {self._left()}")

    def set_verbosity(self, level: int) -> None:
        """Which log lines readers want."""
        self.verbosity = level

    def skip_host(self, host: int) -> None:
        """Send nothing more to a host."""
        if 0 <= host < self.book.count and host not in self._skipped:
            self._skipped.add(host)
            self._core.drop_host(host)
            self._doubts.let_be(host)
            if self._finder is not None:
                self._finder.drop(np.array([host], np.uint32))
            self._say(0, f"skipped {self.book.text(host)}: what is known stays; {self._left()}")

    def set_recorder(self, recorder: Recorder | None) -> None:
        """Show packets to this recorder from now on, or to nobody."""
        self.transport.record(recorder)

    def add_targets(self, targets: TargetSet) -> None:
        """Scan more addresses, on the same ports. Raises SpecError or StoreFullError."""
        first = self.book.count
        fresh = targets.minus(self.book.targets).count
        if self._finder is None and not self._admission.huge:
            self._store.require_room(first + fresh, len(self._store.channels))
        added = self.book.extend(targets)
        if not added:
            self._say(0, "nothing added: these addresses are already part of the scan")
            return
        self._restart()
        self._store.grow(self.book.count, self._store.channels)
        self._names = self.book.frozen()
        self._core.grow()
        if self._finder is not None:
            self._finder.grow()
        else:
            self._admission.add(first, self.book.count, self._admit)
        unasked = "" if self._finder is None else ", asked first whether they are up"
        self._say(0, f"added {counted(added, 'address')}{unasked}; {self._left()}")

    def add_ports(self, ports: PortSet) -> None:
        """Scan more ports, on all hosts. Raises StoreFullError."""
        protocols = tuple(scan_type.protocol for scan_type in self._scan_types)
        unknown = ports.minus(self._ports)
        fresh = unknown.only(protocols)
        if not fresh.total:
            known = "these ports are already part of the scan"
            other = "the scan types in use do not probe these ports; choose another type first"
            self._say(0, f"nothing added: {other if unknown.total else known}")
            return
        self._store.grow(self.book.count, channels_of(fresh, protocols))
        self._ports = self._ports.union(fresh)
        self._doubts.add_ports(fresh)
        self._restart()
        for protocol in protocols:
            channels = channels_of(fresh, (protocol,))
            if len(channels):
                self._core.admit(self._store.admitted, channels)
        self._ask_too_later(fresh)
        self._say(0, f"added {counted(fresh.total, 'port')} on every host; {self._left()}")


def _same_numbers(ports: PortSet, protocol: Protocol) -> PortSet:
    """The port numbers of a set, all protocols together, as ports of ``protocol``."""
    return PortSet.of((protocol, low, high) for _, low, high in ports.ranges)
