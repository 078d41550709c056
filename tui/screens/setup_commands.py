"""Commands over what the user has set up: colours, profiles, saved filters."""

from __future__ import annotations

from engine.results.filter import parse_filter
from engine.spec.error import SpecError
from tui.profile_plan import used
from tui.profiles import Profile, ProfileError
from tui.saved_filters import SavedFilterError, SavedFilters
from tui.screens.choose import Chosen
from tui.screens.confirm import Message
from tui.screens.dialog import given
from tui.screens.profiles import ProfilePicker
from tui.screens.saved_filters import FilterName, FilterPicker
from tui.screens.theme_picker import ThemePicker
from tui.screens.workbench import Workbench
from tui.widgets.filter_bar import FilterBar


class SetupCommands(Workbench):
    """Themes, profiles, saved filters."""

    def do_theme(self) -> None:
        """Choose colours; each is shown while the highlight is on it."""
        before = self.app.theme

        def settle(chosen: Chosen | None) -> None:
            self.app.theme = before if chosen is None else chosen.name
            if chosen is not None:
                self._remember_theme(chosen.name)

        self.app.push_screen(ThemePicker(self.app.theme_choices(), before), settle)

    def _remember_theme(self, name: str) -> None:
        """Begin with this theme next time, too, unless the configuration says otherwise."""
        if self.app.chosen_theme is not None:
            self.app.chosen_theme.write(name)
        given = self.app.config.given.get(("", "theme"), name)
        if given != name:
            self.tell(f"Until you leave: {self.app.folder.config} says theme = {given!r}.")

    def do_saved_filter(self) -> None:
        """Show what one of the user's filters lets through."""
        saved = self._saved_filters()
        if not saved.all:
            lines = (
                f"There are none yet. {self.key('save_filter')} saves the filter in use, and those "
                "in the configuration",
                "file can be chosen here:",
                "",
                "  [filters]",
                '  web = "port:80,443,8000-8999 state:open"',
                "",
                f"The file is {self.app.folder.config}",
            )
            self.app.push_screen(Message("Saved filters", lines))
            return
        bar = self.query_one(FilterBar)

        def show(chosen: Chosen) -> None:
            bar.set_text(saved.all[chosen.name])

        self.app.push_screen(FilterPicker(saved, bar.text), given(show))

    def do_save_filter(self) -> None:
        """Give the filter in use a name."""
        saved, text = self._saved_filters(), self.query_one(FilterBar).text.strip()
        try:
            parse_filter(text)
        except SpecError as error:
            self.tell(error.line, "error")
            return
        if not text:
            self.tell(f"There is no filter to save: type one with {self.key('filter')}.", "warning")
            return

        def save(name: str) -> None:
            try:
                saved.save(name, text)
            except SavedFilterError as error:
                self.tell(str(error), "error")
            else:
                self.tell(f"Saved as {name}: {self.key('saved_filter')} chooses it.")

        self.app.push_screen(FilterName(saved, text), given(save))

    def _saved_filters(self) -> SavedFilters:
        saved = SavedFilters(self.app.folder, self.app.config.filters)
        if saved.problem:
            self.tell(saved.problem, "warning")
        return saved

    def do_profiles(self) -> None:
        """Choose a way to scan with a name, or make one."""
        shelf = self.app.profile_shelf()
        for problem in shelf.problems[:3]:
            self.tell(problem, "warning")
        self.app.push_screen(ProfilePicker(shelf), given(self._use_profile))

    def _use_profile(self, profile: Profile) -> None:
        try:
            plan = used(profile, self.app.plan)
        except ProfileError as error:
            self.tell(str(error), "error")
            return
        self.app.plan = plan if self.app.raw_rights else plan.without_raw()
        if self.phase is None or self.phase.over:
            self.app.main.open_picker()
        else:
            self.tell(f"The next scan is by {profile.name}: {self.key('targets')} starts it.")
