"""Commands over what the user has set up: colours, profiles, saved filters."""

from __future__ import annotations

from tui.profile_plan import used
from tui.profiles import Profile, ProfileError
from tui.screens.choose import Choice, Choose, Chosen
from tui.screens.confirm import Message
from tui.screens.dialog import given
from tui.screens.profiles import ProfilePicker
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

        self.app.push_screen(ThemePicker(self.app.theme_choices(), before), settle)

    def do_saved_filter(self) -> None:
        """Show what one of the user's filters lets through."""
        filters = self.app.config.filters
        if not filters:
            lines = (
                "There are none yet. Filters saved in the configuration file can be chosen here:",
                "",
                "  [filters]",
                '  web = "port:80,443,8000-8999 state:open"',
                "",
                f"The file is {self.app.folder.config}",
            )
            self.app.push_screen(Message("Saved filters", lines))
            return
        choices = [Choice(name, name, text) for name, text in filters.items()]
        bar = self.query_one(FilterBar)
        now = next((name for name, text in filters.items() if text == bar.text), "")

        def show(chosen: Chosen) -> None:
            bar.set_text(filters[chosen.name])

        self.app.push_screen(Choose("Saved filters", choices, now), given(show))

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
