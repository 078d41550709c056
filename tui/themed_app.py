"""ThemedApp: the themes of an app, shown again whenever the user saves one; and its notices."""

from __future__ import annotations

from textual.app import App
from textual.notifications import Notification, Notify, SeverityLevel
from textual.screen import Screen
from textual.timer import Timer

from engine.sanitize import clean
from themes.loader import CSS_FALLBACKS
from tui.chosen_theme import ChosenTheme
from tui.input_order import OrderlyApp
from tui.screens.choose import Choice
from tui.screens.theme_picker import ThemePicker
from tui.theme_watch import ThemeWatch
from tui.thrifty_styles import ThriftyStyles

THEME_LOOKS = 1.0
"""Seconds between two looks at the user's theme files."""
_NOTICES = "textual-toastrack"
"""Textual's name for what holds the notices of a screen."""
AT_ONCE = 0.5
"""Remarks that come within so many seconds belong together."""


class ThemedApp(OrderlyApp):
    """An app with the themes of ``themes``; ``chosen_theme`` keeps the one the user chose."""

    def __init__(self, themes: ThemeWatch, chosen_theme: ChosenTheme | None = None) -> None:
        super().__init__()
        self.stylesheet = ThriftyStyles(variables=self.get_css_variables())
        self.themes = themes
        self.chosen_theme = chosen_theme
        self._theme_timer: Timer | None = None
        self._told: set[str] = set()
        self._notices: list[Notification] = []
        self._register_themes()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Colours of port states for themes that know nothing of them."""
        return CSS_FALLBACKS

    def begin_to_mind_themes(self) -> None:
        """The app runs: say what is wrong with the user's files, and look at them from now on."""
        self._tell_theme_problems()
        self._theme_timer = self.set_interval(THEME_LOOKS, self._look_at_themes, pause=True)
        self.mind_themes()

    def begin_to_show_notices_once(self) -> None:
        """The app runs: of the screens one sees through others, only the foremost shows notices."""
        self.screen_change_signal.subscribe(self, self._show_notices_on)

    def _show_notices_on(self, front: Screen[object]) -> None:
        for screen in self.screen_stack:
            for rack in screen.children:
                if rack.id == _NOTICES:
                    rack.set_class(screen is not front, "-behind")

    def tell(self, text: str, severity: SeverityLevel = "information") -> None:
        """A notice that goes away by itself; never read as markup."""
        timeout = {"information": 4, "warning": 8, "error": 12}[severity]
        line = clean(" ".join(text.split("\n")), 500)
        self.notify(line, severity=severity, timeout=timeout, markup=False)

    def on_notify(self, event: Notify) -> None:
        """A remark takes the place of those before it, and a notice that of one with its words;
        warnings and errors stay for their time."""
        new = event.notification
        for old in self._notices:
            remarks = old.severity == new.severity == "information"
            before = new.raised_at - old.raised_at > AT_ONCE
            if old.message == new.message or (remarks and before):
                old.timeout = 0
        self._notices = [one for one in self._notices if not one.has_expired] + [new]

    def _register_themes(self) -> None:
        for one in self.themes.loaded.themes:
            self.register_theme(one)

    def _tell_theme_problems(self) -> None:
        for problem in self.themes.loaded.problems:
            if problem not in self._told:
                self.tell(problem, "warning")
        self._told = set(self.themes.loaded.problems)

    @property
    def our_themes(self) -> tuple[str, ...]:
        """Names of the themes to choose from, without those that come with Textual."""
        return tuple(one.name for one in self.themes.loaded.themes)

    def theme_choices(self) -> list[Choice]:
        """Every theme for the picker, with what it is for."""
        loaded = self.themes.loaded
        return [Choice(one.name, one.name, loaded.about.get(one.name, "")) for one in loaded.themes]

    def watch_theme(self, name: str) -> None:
        """Another theme is in force; it may be one whose file the user is working on."""
        self.mind_themes()

    def mind_themes(self) -> None:
        """Look at the user's theme files while one of them is shown or could be chosen."""
        if self._theme_timer is None:
            return
        if self.theme in self.themes.loaded.users or isinstance(self.screen, ThemePicker):
            self._theme_timer.resume()
        else:
            self._theme_timer.pause()

    def _look_at_themes(self) -> None:
        """Show what was saved since the last look; a theme that is gone stays until another is
        chosen."""
        if not self.themes.changed():
            return
        self._register_themes()
        self._tell_theme_problems()
        self.mutate_reactive(App.theme)
        if isinstance(self.screen, ThemePicker):
            self.screen.update_choices(self.theme_choices())
