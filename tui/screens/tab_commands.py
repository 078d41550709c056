"""Commands over several scans: go to one, close one, see which wait for their turn."""

from __future__ import annotations

from tui.scan_tab import ScanTab
from tui.screens.confirm import Confirm
from tui.screens.dialog import given
from tui.screens.start_commands import StartCommands
from tui.screens.tab_list import TabList, TabWish, Verb
from tui.widgets.tab_bar import TabBar


class TabCommands(StartCommands):
    """Tabs, and the queue."""

    def do_next_tab(self) -> None:
        """Show the tab to the right."""
        self._step(1)

    def do_previous_tab(self) -> None:
        """Show the tab to the left."""
        self._step(-1)

    def _step(self, step: int) -> None:
        if self._several():
            self.app.tabs.step(step)

    def _several(self) -> bool:
        several = len(self.app.tabs) > 1
        if not several:
            self.tell(f"There is one scan only: {self.key('new_tab')} begins another beside it.")
        return several

    def do_close_tab(self) -> None:
        """Close the tab that is shown."""
        if self._several():
            self._close(self.app.tabs.shown)

    def _close(self, tab: ScanTab) -> None:
        """Close a tab; one whose scan runs only after a question."""
        tabs = self.app.tabs
        if not tab.busy:
            tabs.close(tab)
            return
        self.app.push_screen(
            Confirm(
                f"The scan of {tab.title} is running. Stop it and close its tab? "
                f"Its results go away ({self.key('export')} exports).",
                yes="Close",
                no="Go on scanning",
            ),
            lambda yes: tabs.close(tab) if yes else None,
        )

    def do_tabs(self) -> None:
        """List the tabs, those that wait among them."""
        self.app.push_screen(TabList(self.app.tabs), given(self._obey))

    def _obey(self, wish: TabWish) -> None:
        tabs, tab = self.app.tabs, wish.tab
        if tab not in tabs:
            return
        if wish.verb is Verb.GO:
            tabs.show(tab)
        elif wish.verb is Verb.CLOSE and self._several():
            self._close(tab)
        elif wish.verb is Verb.START and tab.queued is not None:
            tabs.start(tab, tab.queued)
            self.tell(f"The scan of {tab.title} begins now.")

    def on_tab_bar_chosen(self, event: TabBar.Chosen) -> None:
        """A click on a tab."""
        tabs = list(self.app.tabs)
        if event.at < len(tabs):
            self.app.tabs.show(tabs[event.at])
