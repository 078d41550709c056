"""ScanTab: one scan beside others; its session, its plan and the screen that shows it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from msgspec import Struct

from engine.results.snapshot import Phase
from engine.sanitize import clean
from tui.widgets.scan_share import share_done

if TYPE_CHECKING:
    from engine.session import ScanSession
    from engine.spec.command_line import BuiltSpec
    from tui.door import EngineDoor
    from tui.plan import Plan
    from tui.screens.main import MainScreen

MAX_TITLE = 200
QUEUED, EMPTY = "queued", "no scan"


class TabLook(Struct, frozen=True):
    """What the tab bar and the list of tabs say of a scan.

    Attributes:
        title: its targets as the user wrote them; harmless text.
        phase: None when no scan was begun.
        word: the phase, ``queued`` or ``no scan``.
        share: the share (0..1) of the work done; None when there is none to tell.
    """

    title: str
    phase: Phase | None
    word: str
    share: float | None

    @property
    def queued(self) -> bool:
        """True while the scan waits for its turn."""
        return self.word == QUEUED


class ScanTab:
    """One scan. The screen keeps panes, filter, order, cursor, marks and log of its own.

    Args:
        number: never used twice while the program runs.
        screen: shows the scan.
        plan: what the next scan in this tab will be.

    Attributes:
        title: the targets as the user wrote them.
        queued: the scan that waits for its turn.
        opening: a session is being made.
    """

    def __init__(self, number: int, screen: MainScreen, plan: Plan) -> None:
        self.mode = f"scan-{number}"
        self.screen = screen
        self.plan = plan
        self.title = ""
        self.queued: BuiltSpec | None = None
        self.opening = False
        self._refused = False
        self._session: ScanSession | None = None
        self._closed = False
        self._lock = threading.Lock()

    # The session's life. Opening and closing take a moment: the UI thread leaves them to others.

    @property
    def session(self) -> ScanSession | None:
        """The session, while there is one."""
        return self._session

    def announce(self, built: BuiltSpec, *, opening: bool) -> None:
        """The tab is for this scan from now on: it is about to begin, or waits."""
        targets = built.spec.targets
        self.title = clean(targets.text or str(targets), MAX_TITLE)
        self.queued = None if opening else built
        self.opening, self._refused = opening, False

    def open(self, door: EngineDoor, built: BuiltSpec, verbosity: int) -> ScanSession | None:
        """End the session there is, begin another; None when the tab was closed meanwhile.

        Raises what door.refusals() names.
        """
        with self._lock:
            try:
                self._end()
                if self._closed:
                    return None
                session = door.open_session(built.spec, built.target_problems, verbosity)
                self._session = session
                session.start()
                return session
            except Exception:
                self._end()
                self._refused = True
                raise
            finally:
                self.opening = False

    def close(self) -> None:
        """End the session's thread, for good. Safe to call again and from any thread."""
        with self._lock:
            self._closed = True
            self._end()

    def _end(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()

    # What is known of it

    @property
    def phase(self) -> Phase | None:
        """Where the scan is; None when no scan was begun."""
        session = self._session
        if self.opening:
            return Phase.WAITING
        if session is None:
            return Phase.FAILED if self._refused else None
        return session.snapshot().phase

    @property
    def busy(self) -> bool:
        """True while the scan is unfinished, also when it is paused."""
        phase = self.phase
        return phase is not None and not phase.over

    @property
    def empty(self) -> bool:
        """True when there is nothing that another scan could take the place of."""
        return self.queued is None and not self.opening and self._session is None

    def look(self) -> TabLook:
        """What to say of it now."""
        session, phase = self._session, self.phase
        word = QUEUED if self.queued is not None else phase.value if phase else EMPTY
        share = None
        if session is not None and phase in (Phase.RUNNING, Phase.PAUSED):
            share = share_done(session.snapshot())
        return TabLook(self.title, phase, word, share)
