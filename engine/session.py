"""ScanSession: the one door to the engine, for the TUI and for ``pyscan`` alike.

A session is one scan on its own thread. Commands may be given from any thread; they return at once
and take effect within 100 ms. What the scan knows comes back as immutable snapshots.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.capture import Capture
from engine.core.progress import Progress
from engine.formats.registry import EXPORT_FORMATS, ExportFormat, export
from engine.host.privilege import can_send_raw, how_to_get_raw
from engine.results.decided import DecidedBatch
from engine.results.log import LogLine, ScanLog
from engine.results.report import ScanReport
from engine.results.snapshot import Snapshot
from engine.runner import TransportMaker
from engine.scan_thread import ScanThread
from engine.spec.port_state import PortState
from engine.spec.ports import PortSet
from engine.spec.scan import ScanSpec
from engine.spec.scan_type import ScanType
from engine.spec.targets import TargetSet
from engine.spec.timing import TimingTemplate
from engine.steering import SteeredScan
from engine.transport.base import Recorder
from engine.transport.live import TransportUnavailable

if TYPE_CHECKING:
    from engine.explain import Explanation as Explanation
    from engine.host.interfaces import LocalNetwork as LocalNetwork

__all__ = [
    "EXPORT_FORMATS",
    "DecidedBatch",
    "ExportFormat",
    "LogLine",
    "ScanLog",
    "ScanSession",
    "TransportMaker",
    "TransportUnavailable",
    "can_send_raw",
    "default_scan_types",
    "export",
    "hardware_vendor",
    "how_to_get_raw",
    "local_networks",
    "simulation",
]


def local_networks() -> tuple[LocalNetwork, ...]:
    """Every address of this machine and the network around it."""
    from engine.host.interfaces import local_networks

    return local_networks()


def hardware_vendor(hardware: bytes) -> str:
    """Who made the network card with this address (6 bytes); empty if unknown. The first call takes
    0.1 s: keep it off the UI thread."""
    from engine.host.vendors import vendor

    return vendor(hardware)


def default_scan_types() -> tuple[ScanType, ...]:
    """SYN where raw packets may be sent, else connect."""
    return (ScanType.SYN,) if can_send_raw() else (ScanType.CONNECT,)


def simulation(scenario: str, *, realtime: bool = True) -> TransportMaker:
    """A simulated network from TOML text, for ScanSession's ``make_transport``. Raises
    SpecError."""
    from engine.transport.scenario import load_scenario
    from engine.transport.simulated import SimulatedTransport

    network = load_scenario(scenario)
    return lambda book: SimulatedTransport(book, network, realtime=realtime)


class ScanSession:
    """One scan on its own thread.

    Args:
        spec: what to scan.
        make_transport: another way to the network than the spec names (a simulation).
        verbosity: 0 to 3, for readers of the log; kept in the snapshot.
        target_problems: targets that could not be used, as (expression, why), for reports.
        on_decided: called on the engine thread with every batch of decided ports.
        linger: keep the thread for rescans after the scan is over, until close().
        recorder: is shown all that is sent to and received from the real network.

    Raises SpecError or StoreFullError (a ValueError) when the scan is too large.
    """

    def __init__(
        self,
        spec: ScanSpec,
        *,
        make_transport: TransportMaker | None = None,
        verbosity: int = 0,
        target_problems: tuple[tuple[str, str], ...] = (),
        on_decided: Callable[[DecidedBatch], None] | None = None,
        linger: bool = True,
        recorder: Recorder | None = None,
    ) -> None:
        self.spec = spec
        self.log = ScanLog()
        self._target_problems = target_problems
        self._runner = SteeredScan(
            spec,
            self.log,
            make_transport=make_transport,
            on_decided=on_decided,
            verbosity=verbosity,
            recorder=recorder,
        )
        self._thread = ScanThread(self._runner, linger=linger)
        self._give = self._thread.give
        self._capture = Capture(self._runner, self._thread)

    # ---------------------------------------------------------------- life

    def start(self) -> None:
        """Open the transport and begin. Raises TransportUnavailable when rights are missing."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """True while the engine thread runs."""
        return self._thread.alive

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the thread's end, ``timeout`` seconds at most; True when it has ended."""
        return self._thread.join(timeout)

    def wait(self, timeout: float) -> bool:
        """Wait for the end of a scan whose thread does not linger, ``timeout`` seconds at most;
        True when nothing changes any more. Its descriptors may still be on their way back."""
        return self._thread.wait(timeout)

    def close(self) -> None:
        """End the scan and its thread and give back every descriptor. Idempotent."""
        if self._thread.close():
            self._capture.close()

    # ---------------------------------------------------------------- commands

    def set_timing(self, timing: TimingTemplate) -> None:
        """Another timing template: pace, timeouts and re-sends of everything unfinished."""
        self._give(partial(self._runner.set_timing, timing))

    def set_scan_types(
        self, scan_types: tuple[ScanType, ...], *, redo_decided: bool = False
    ) -> None:
        """Other scan types for every port not yet decided, or for all of them.

        Probes in flight finish under the old type. Raises TransportUnavailable when the rights for
        a type are missing, SpecError for two types of one protocol.
        """
        ScanSpec(self.spec.targets, self.spec.ports, scan_types)
        self._require_rights(scan_types)
        self._give(partial(self._runner.set_scan_types, scan_types, redo_decided))

    def _require_rights(self, scan_types: tuple[ScanType, ...]) -> None:
        missing = [one for one in scan_types if one not in self._runner.transport.scan_types]
        if missing:
            lines = (f"{missing[0].option} needs the right to send raw packets", *how_to_get_raw())
            raise TransportUnavailable("\n".join(lines))

    def pause(self) -> None:
        """Send nothing more; answers to probes in flight still count."""
        self._give(self._runner.pause)

    def resume(self) -> None:
        """Go on after pause()."""
        self._give(self._runner.resume)

    def cancel(self) -> None:
        """Stop. What is known stays and can be exported."""
        self._give(self._runner.cancel)

    def rescan(self, keys: NDArray[np.int64], scan_type: ScanType | None = None) -> None:
        """Probe these cells again, with ``scan_type`` those of its protocol, all others of the scan
        as before; the old result stays visible, marked stale. Raises TransportUnavailable when the
        rights for the type are missing."""
        self._require_rights((scan_type,) if scan_type else ())
        self._give(partial(self._runner.rescan, np.array(keys, np.int64), scan_type))

    def rescan_states(
        self,
        states: frozenset[PortState],
        scan_type: ScanType | None = None,
        host: int | None = None,
    ) -> None:
        """As rescan(), for all ports in one of these states, of a host or of all hosts. PENDING are
        those without an answer so far, of hosts that were skipped or given up, too."""
        self._require_rights((scan_type,) if scan_type else ())
        self._give(partial(self._runner.rescan_states, states, scan_type, host))

    def rescan_host(self, host: int) -> None:
        """Probe all ports of a host again; takes up a skipped host."""
        self._give(partial(self._runner.rescan_host, host))

    def rescan_all(self) -> None:
        """Probe every decided port again."""
        self._give(self._runner.rescan_all)

    def ping_again(self, hosts: Sequence[int]) -> None:
        """Find out anew whether these hosts are up; those that come up now are scanned."""
        self._give(partial(self._runner.ping_again, np.array(hosts, np.uint32)))

    def assume_up(self, host: int) -> None:
        """Scan a host's ports although it did not answer."""
        self._give(partial(self._runner.assume_up, host))

    def skip_host(self, host: int) -> None:
        """Send nothing more to a host."""
        self._give(partial(self._runner.skip_host, host))

    def add_targets(self, targets: TargetSet) -> None:
        """Scan more addresses too."""
        self._give(partial(self._runner.add_targets, targets))

    def add_ports(self, ports: PortSet) -> None:
        """Scan more ports too."""
        self._give(partial(self._runner.add_ports, ports))

    def set_verbosity(self, level: int) -> None:
        """Which log lines to show: 0 to 3."""
        self._give(partial(self._runner.set_verbosity, max(0, min(level, 3))))

    def set_capture(self, path: Path | None) -> None:
        """Write packets sent and received from now on to a capture file, replacing it; None ends
        the capture. Raises OSError when the file cannot be written, SpecError when this scan's
        packets are made by the operating system, so that there is nothing to record."""
        self._capture.write_to(path)

    @property
    def capture_failure(self) -> str:
        """Why the capture ended early; empty while all is well or none is made."""
        return self._capture.failure

    # ---------------------------------------------------------------- views

    def snapshot(self) -> Snapshot:
        """The newest snapshot, at once; asking makes the engine prepare a newer one."""
        return self._thread.snapshot()

    @property
    def progress(self) -> Progress:
        """The figures alone, fresh without the cost of a snapshot."""
        return self._thread.progress

    def take_outcomes(self) -> tuple[str, ...]:
        """What the commands carried out since the last call have changed, one line for each, or why
        one could not be carried out. The log has the same lines."""
        return self._thread.take_outcomes()

    def report(self) -> ScanReport:
        """What an export writes: everything known by the newest snapshot."""
        return ScanReport(self.spec, self.snapshot(), time.time(), self._target_problems)

    def explain(self, key: int) -> Explanation | None:
        """Why a port has its state, or None when the scan does not have the port.

        The first call loads the packet decoder (about 0.4 s); call it off the UI thread.
        """
        from engine.explain import explain

        snapshot = self._thread.newest
        row = snapshot.row(key)
        if row is None:
            return None
        evidence = self._runner.evidence.find(key)
        probe = self._runner.probe_packet(row, evidence)
        counts = snapshot.view.counts(row.host)
        answers = bool(counts[[PortState.OPEN, PortState.CLOSED, PortState.UNFILTERED]].any())
        return explain(row, evidence, probe, snapshot.earlier(key), host_answers=answers)
