"""Every action of the registry does what it says when its key is pressed.

A new action needs a row in PROOFS: the test of an action without one fails.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from engine.results.cell import cell_key
from engine.results.query import SortColumn
from engine.spec.timing import TEMPLATES
from tests.tui.conftest import FakeSession
from tui.actions import ACTIONS, Action
from tui.app import PyScanApp
from tui.screens.heat_map import HeatMapScreen
from tui.screens.palette import Palette
from tui.widgets.hosts_pane import HostsPane
from tui.widgets.row_groups import Grouping

Look = Callable[[PyScanApp, FakeSession], object]

COLUMNS = tuple(SortColumn)


async def _nothing(app: PyScanApp, session: FakeSession) -> None:
    """The scan on its way is enough."""


async def _second_of_three_tabs(app: PyScanApp, session: FakeSession) -> None:
    second = app.tabs.new()
    app.tabs.new()
    app.tabs.show(second)


async def _a_host_that_lies(app: PyScanApp, session: FakeSession) -> None:
    session.store.doubt(0)
    session.change(doubts={0: "This host is a tarpit."})


async def _a_host_that_is_not_scanned(app: PyScanApp, session: FakeSession) -> None:
    session.store = type(session.store)(2, session.channels)
    session.store.admit(np.zeros(1, np.uint32))
    session.change()
    app.main.query_one(HostsPane).show_quiet(True)
    app.main.query_one(HostsPane).focus()


@dataclass(frozen=True)
class Proof:
    """How to see that an action is done.

    Attributes:
        look: what is looked at, before and after.
        becomes: what it is afterwards, and was not before.
        by: how much more it is afterwards, in place of ``becomes``.
        before: keys that make the action worth while.
        after: keys that answer its dialog.
        prepare: what keys cannot bring about.
    """

    look: Look
    becomes: object = None
    by: int = 0
    before: Sequence[str] = ()
    after: Sequence[str] = ()
    prepare: Callable[[PyScanApp, FakeSession], Awaitable[None]] = _nothing


def _up_to_date(app: PyScanApp, session: FakeSession) -> bool:
    """Whether the tab that is shown has drawn the newest there is; it may have no scan."""
    shown = app.main.snapshot
    if app.main.session is None:
        return app.main.ready
    return shown is not None and shown.serial == session.serial


def _told(app: PyScanApp, session: FakeSession) -> object:
    """The last command the engine was given."""
    return tuple(one.tolist() if isinstance(one, np.ndarray) else one for one in session.calls[-1])


def _dialog(app: PyScanApp, session: FakeSession) -> object:
    """The title of the dialog that is open."""
    return getattr(app.screen, "heading", "")


def _screen(app: PyScanApp, session: FakeSession) -> object:
    return type(app.screen)


def _rows(app: PyScanApp, session: FakeSession) -> object:
    return len(app.main.table.row_set)


def _shown_tab(app: PyScanApp, session: FakeSession) -> object:
    return list(app.tabs).index(app.tabs.shown)


def _tabs(app: PyScanApp, session: FakeSession) -> object:
    return len(app.tabs)


def _width(app: PyScanApp, session: FakeSession) -> object:
    return app.main.query_one("#centre").region.width


def _height(app: PyScanApp, session: FakeSession) -> object:
    return app.main.query_one("#centre").region.height


def _hidden(pane: str) -> Proof:
    return Proof(lambda app, _: app.main.shows(pane), False)


def _query(field: str, becomes: object) -> Proof:
    return Proof(lambda app, _: getattr(app.main.table.current_query, field), becomes)


PROOFS = {
    "targets": Proof(_dialog, "What to scan"),
    "ports": Proof(_dialog, "Add ports to this scan"),
    "scan_type": Proof(_dialog, "Scan type"),
    "profiles": Proof(_dialog, "Profiles"),
    "timing": Proof(_dialog, "Timing"),
    **{f"timing_{n}": Proof(_told, ("set_timing", TEMPLATES[n])) for n in range(6)},
    "pause": Proof(_told, ("pause",)),
    "cancel": Proof(_told, ("cancel",), after=["y"]),
    "add_targets": Proof(_dialog, "Add targets to this scan"),
    "skip_host": Proof(_told, ("skip_host", 0)),
    "ping_again": Proof(_told, ("ping_again", [0])),
    "assume_up": Proof(
        _told, ("assume_up", 1), before=["end"], prepare=_a_host_that_is_not_scanned
    ),
    "rescan": Proof(_told, ("rescan", [cell_key(0, 0, 22)])),
    "rescan_host": Proof(_told, ("rescan_host", 0)),
    "probe_again": Proof(_dialog, "Probe again"),
    "rescan_all": Proof(_told, ("rescan_all",), after=["y"]),
    "new_tab": Proof(_tabs, 2, after=[*"192.0.2.1", "enter"]),
    "next_tab": Proof(_shown_tab, 2, prepare=_second_of_three_tabs),
    "previous_tab": Proof(_shown_tab, 0, prepare=_second_of_three_tabs),
    "tabs": Proof(_dialog, "Scans"),
    "close_tab": Proof(_tabs, by=-1, prepare=_second_of_three_tabs),
    "open_only": _query("open_only", False),
    "doubted": Proof(lambda app, _: app.main.table.lists_doubted, True, prepare=_a_host_that_lies),
    "group": Proof(lambda app, _: app.main.table.grouping, Grouping.HOST),
    "filter": Proof(_rows, 1, after=[*"ssh"]),
    "saved_filter": Proof(_dialog, "Saved filters"),
    "save_filter": Proof(_dialog, "Save the filter", before=["/", *"ssh", "enter"]),
    "jump": Proof(
        lambda app, _: app.main.table.cursor_key,
        cell_key(0, 0, 443),
        after=[*"443", "enter"],
    ),
    "follow": Proof(lambda app, _: app.main.table.follows, True),
    "copy_rows": Proof(lambda app, _: app.clipboard.strip(), "10.0.0.1:22", after=["a"]),
    "clear": Proof(_rows, 4, before=["/", *"ssh", "enter"]),
    "sort_next": _query("sort", COLUMNS[1]),
    "sort_previous": _query("sort", COLUMNS[-1]),
    "sort_reverse": _query("descending", True),
    "capture": Proof(_dialog, "Capture packets"),
    "export": Proof(_dialog, "Export the results"),
    "log": _hidden("log"),
    "louder": Proof(lambda app, _: app.main.verbosity, by=1),
    "quieter": Proof(lambda app, _: app.main.verbosity, by=-1),
    "hosts": _hidden("hosts"),
    "hosts_wide": Proof(lambda app, _: app.main.hosts_wide, True),
    "find_host": Proof(
        lambda app, _: list(app.main.query_one(HostsPane).listed), [1], after=[*"10.0.0.2"]
    ),
    "show_down": Proof(lambda app, _: app.main.query_one(HostsPane).shows_quiet, True),
    "detail": _hidden("detail"),
    "progress": _hidden("progress"),
    "results": _hidden("results"),
    "heat_map": Proof(_screen, HeatMapScreen),
    "maximise": Proof(lambda app, _: app.main.panes.maximised, "results"),
    "wider": Proof(_width, by=4),
    "narrower": Proof(_width, by=-4),
    "taller": Proof(_height, by=2),
    "lower": Proof(_height, by=-2),
    "standard_layout": Proof(lambda app, _: app.main.shows("hosts"), True, before=["h"]),
    "theme": Proof(_dialog, "Colours"),
    "rights": Proof(_dialog, "Raw-socket rights"),
    "commands": Proof(_screen, Palette),
    "help": Proof(_dialog, "Keys, signs and words"),
    "suspend": Proof(_told, ("resume",)),
    "quit": Proof(_dialog, "Are you sure?"),
    "copy_or_quit": Proof(_dialog, "Are you sure?"),
}


@pytest.mark.parametrize(
    ("action", "key"),
    [(action, key) for action in ACTIONS for key in action.keys],
    ids=lambda one: one.name if isinstance(one, Action) else one,
)
async def test_its_key_does_it(
    running: Any, until: Any, monkeypatch: pytest.MonkeyPatch, action: Action, key: str
) -> None:
    assert action.name in PROOFS, f"nothing proves that {key} does {action.name}: add a row"
    proof = PROOFS[action.name]
    monkeypatch.setattr("textual.app.App.action_suspend_process", lambda app: None)
    async with running() as (pilot, app, session):
        await proof.prepare(app, session)
        await until(pilot, lambda: _up_to_date(app, session))
        await pilot.press(*proof.before)
        was: Any = proof.look(app, session)
        becomes = was + proof.by if proof.by else proof.becomes
        assert was != becomes, "the proof holds without the key"
        await pilot.press(key, *proof.after)
        await until(pilot, lambda: proof.look(app, session) == becomes)


def test_nothing_is_proved_that_is_no_action() -> None:
    assert set(PROOFS) == {action.name for action in ACTIONS}
