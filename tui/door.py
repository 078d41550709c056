"""EngineDoor: what the screens ask of the engine.

engine.session is imported when it is first needed, not with the screen: the first picture is on the
terminal before numpy's and the transports' modules are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.spec.resolve import system_resolver

if TYPE_CHECKING:
    from engine.results.report import ScanReport
    from engine.session import ExportFormat, LocalNetwork, ScanSession
    from engine.spec.scan import ScanSpec
    from engine.spec.scan_type import ScanType


class EngineDoor:
    """The engine as the screens see it. Demonstrations and tests put another in its place.

    Attributes:
        demonstration: one line that says what is not real; empty where everything is.
    """

    demonstration = ""

    def open_session(
        self, spec: ScanSpec, problems: tuple[tuple[str, str], ...], verbosity: int
    ) -> ScanSession:
        """A session that has not started. Raises SpecError or TransportUnavailable."""
        from engine.session import ScanSession

        return ScanSession(spec, verbosity=verbosity, target_problems=problems)

    def look_up(self, name: str) -> Sequence[str]:
        """The addresses of a host name. Raises OSError when there are none."""
        return system_resolver(name)

    def local_networks(self) -> tuple[LocalNetwork, ...]:
        """This machine's networks."""
        from engine.session import local_networks

        return local_networks()

    def can_send_raw(self) -> bool:
        """True when raw sockets are ours to use."""
        from engine.session import can_send_raw

        return can_send_raw()

    def how_to_get_raw(self) -> tuple[str, ...]:
        """Lines that tell how to get them."""
        from engine.session import how_to_get_raw

        return how_to_get_raw()

    def default_scan_types(self) -> tuple[ScanType, ...]:
        """What to scan with when the user said nothing."""
        from engine.session import default_scan_types

        return default_scan_types()

    def export_formats(self) -> Mapping[str, ExportFormat]:
        """Formats results can be written in, by name."""
        from engine.session import EXPORT_FORMATS

        return EXPORT_FORMATS

    def export(self, report: ScanReport, format_name: str, path: Path) -> None:
        """Write ``report`` to ``path``. Raises OSError."""
        from engine.session import export

        export(report, format_name, path)

    def refusals(self) -> tuple[type[Exception], ...]:
        """What commands raise when they cannot be obeyed; the text is for the user."""
        from engine.session import TransportUnavailable

        return (ValueError, OSError, TransportUnavailable)
