"""The demonstration: its network, its names, and the screen over it."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any, NoReturn

import pytest

from engine.results.snapshot import Phase
from engine.runner import ScanRunner
from engine.spec.port_state import PortState
from engine.spec.scan_type import ScanType
from engine.transport.scenario import load_scenario
from tui import __main__ as program
from tui.__main__ import parser
from tui.app import PyScanApp
from tui.demo import NAMES, NETWORK, NETWORKS, TARGETS, DemoDoor, DemoTargets
from tui.plan import Plan
from tui.widgets.status_line import StatusLine

SAFE = [
    ipaddress.ip_network(one)
    for one in ("127.0.0.0/8", "192.0.2.0/24", "198.51.100.0/24", "2001:db8::/32")
]


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking a name up or opening a real transport fails the test."""

    def refuse(*given: Any, **named: Any) -> NoReturn:
        raise AssertionError(f"the network was used: {given}")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(ScanRunner, "_live_transport", refuse)


@pytest.fixture
def demo() -> Any:
    def make(*words: str) -> PyScanApp:
        return PyScanApp(Plan(parser().read(words)), door=DemoDoor(), recent=DemoTargets())

    return make


def tally(app: PyScanApp) -> dict[str, dict[PortState, int]]:
    """Ports by host, named where it has a name, and state."""
    snapshot = app.main.snapshot
    assert snapshot is not None
    lines = [snapshot.host_line(host) for host in range(snapshot.view.host_count)]
    return {
        one.name or one.address: {state: n for state, n in one.counts.items() if n} for one in lines
    }


def test_every_name_has_a_host_and_every_host_a_name() -> None:
    scenario = load_scenario(NETWORK.read_text(encoding="utf-8"))
    hosts = [str(one) for profile in scenario.profiles for one in profile.hosts.addresses(9)]
    assert sorted(hosts) == sorted(NAMES.values())
    assert all(any(ipaddress.ip_address(one) in safe for safe in SAFE) for one in hosts)
    listed = [ipaddress.ip_network(one) for one in NETWORKS]
    assert all(any(one.subnet_of(safe) for safe in SAFE[1:3]) for one in listed)


def test_names_come_from_the_table_alone() -> None:
    door = DemoDoor()
    assert door.look_up("WWW.Example.") == ["192.0.2.10"]
    built = Plan(parser().read(["www.example", "elsewhere.test"])).build(door.look_up)
    assert list(built.spec.targets.addresses(9)) == ["192.0.2.10"]
    ((name, why),) = built.target_problems
    assert name == "elsewhere.test" and "the demonstration knows www.example" in why


def test_targets_are_remembered_without_a_file() -> None:
    recent = DemoTargets()
    assert recent.read()[0] == " ".join(TARGETS)
    recent.add("192.0.2.25")
    recent.add("192.0.2.25")
    assert recent.read()[:2] == ("192.0.2.25", " ".join(TARGETS))
    assert DemoTargets().read()[0] != "192.0.2.25"


@pytest.mark.parametrize(
    ("words", "targets"), [([], list(TARGETS)), (["192.0.2.53"], ["192.0.2.53"])]
)
def test_the_option_sets_the_stage(
    words: list[str], targets: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[PyScanApp] = []
    monkeypatch.setattr(program, "_check_terminal", lambda args: None)

    def run(app: PyScanApp) -> None:
        ran.append(app)

    monkeypatch.setattr(PyScanApp, "run", run)
    assert program.main(["--demo", *words]) == 0
    assert isinstance(ran[0].door, DemoDoor) and isinstance(ran[0].recent, DemoTargets)
    assert ran[0].plan.args.targets == targets


def test_a_transport_makes_no_sense_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["--demo", "--transport", "sockets"]) == 2
    error = capsys.readouterr().err
    assert error == "pyscan-tui: --demo simulates the network: leave out --transport\n"


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_session_from_start_to_report(demo: Any, until: Any, size: Any) -> None:
    app = demo(*TARGETS, "-p", "22,25,53,80,443,3389,5432,6000", "--max-retries", "1")
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: app.main.phase is Phase.FINISHED)
        assert " DEMO " in app.main.query_one(StatusLine).render().plain
        assert any("simulated" in one.message for one in app._notifications)
        by_name = tally(app)
        assert by_name["www.example"][PortState.OPEN] == 3
        assert by_name["db.example"] == {PortState.OPEN: 1, PortState.FILTERED: 7}
        assert by_name["vault.example"] == {PortState.OPEN: 2, PortState.FILTERED: 6}
        assert by_name["six.example"][PortState.OPEN] == 3

        session = app.main.session
        await until(pilot, lambda: app.main.table.cursor_key is not None)
        explained = session.explain(app.main.table.cursor_key)
        assert explained.sent.startswith("a TCP SYN probe to 192.0.2.10 port ")
        command = session.report().spec.command
        assert command.startswith("pyscan-tui --demo ") and "www.example" in command
        repeated = parser().read(command.split()[1:])
        assert repeated.demo and repeated.targets == list(TARGETS)

        session.add_targets(
            Plan(parser().read(["localhost", "192.0.2.200"])).build(app.door.look_up).spec.targets
        )
        await until(pilot, lambda: tally(app).get("localhost", {}).get(PortState.OPEN) == 2)
        session.set_scan_types((ScanType.CONNECT,), redo_decided=True)
        await until(pilot, lambda: app.main.snapshot.scan_types == (ScanType.CONNECT,))
        await until(pilot, lambda: app.main.snapshot.hosts.down == 1)
        await until(pilot, lambda: app.main.phase is Phase.FINISHED)
        assert tally(app)["www.example"][PortState.OPEN] == 3
    assert not session.alive


async def test_it_says_so_where_rights_and_targets_are_asked_for(demo: Any, until: Any) -> None:
    app = demo()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen.query("#suggestions"))
        suggestions = app.screen.query_one("#suggestions")
        await until(pilot, lambda: suggestions.option_count)
        prompts = [str(suggestions.get_option_at_index(i).prompt).strip() for i in range(5)]
        assert prompts[2] == "In the demonstration" and prompts[3].startswith("www.example mail")
        assert "no packet leaves" in str(app.screen.query_one("#remark").render())
        await pilot.press("escape", "i")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        shown = "\n".join(str(one.render()) for one in app.screen.query("Static"))
        assert "Every scan type works in it" in shown
