"""TargetSuggestions: targets to choose from; this machine's networks and recent ones."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from rich.text import Text
from textual import work
from textual.events import Focus
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from engine.sanitize import clean
from tui.door import EngineDoor
from tui.failed_work import ReportsFailedWork
from tui.recent import RecentTargets

LOCALHOST = "localhost"


class Suggestion(Struct, frozen=True):
    """A line of the list: ``text`` goes into the input."""

    text: str
    about: str
    heading: bool = False


class TargetSuggestions(ReportsFailedWork, OptionList):
    """Filled in a thread once it is mounted: reading networks and files may take a while.

    Args:
        door: the engine, for this machine's networks.
        recent: recent targets.
    """

    def __init__(self, door: EngineDoor, recent: RecentTargets, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._door = door
        self._recent = recent
        self._suggestions: list[Suggestion] = []

    def text_at(self, index: int) -> str:
        """The target text of a line."""
        return self._suggestions[index].text

    @property
    def at_top(self) -> bool:
        """True when no line above the highlight can be chosen."""
        return self.highlighted in (None, 1)

    def on_mount(self) -> None:
        """Look for what can be suggested."""
        self._find()

    @work(thread=True, exclusive=True, exit_on_error=False)
    def _find(self) -> None:
        found = [Suggestion("", "This machine", heading=True), *self._networks()]
        recent = self._recent.read()
        if recent:
            found.append(Suggestion("", self._recent.heading, heading=True))
            found += [Suggestion(text, "") for text in recent]
        self.app.call_from_thread(self._show, found)

    def _networks(self) -> Iterable[Suggestion]:
        """localhost and every network that is up; what cannot be listed is left out."""
        yield Suggestion(LOCALHOST, "this machine, from the inside")
        try:
            networks = self._door.local_networks()
        except OSError as error:
            yield Suggestion("", f"networks cannot be listed: {clean(str(error), 60)}", True)
            return
        for one in networks:
            if one.is_loopback or not one.is_up:
                continue
            gateway = f", gateway {one.gateway}" if one.gateway else ""
            about = f"{one.interface}, own address {one.address}{gateway}"
            yield Suggestion(one.network or one.address, clean(about, 120))

    def _show(self, found: list[Suggestion]) -> None:
        if self.is_mounted:
            self._suggestions = found
            self.add_options(Option(_line(one), disabled=one.heading) for one in found)

    def on_focus(self, event: Focus) -> None:
        """A list with the focus always shows where."""
        if self.highlighted is None:
            self.action_first()


def _line(one: Suggestion) -> Text:
    if one.heading:
        return Text(one.about, style="bold", no_wrap=True, overflow="ellipsis")
    line = Text(f"  {clean(one.text, 200):<18}", no_wrap=True, overflow="ellipsis")
    if one.about:
        line.append("  " + one.about, style="dim")
    return line
