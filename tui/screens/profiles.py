"""ProfilePicker: ways to scan with a name, to use, change, make and remove."""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.profiles import Profile, ProfileError, ProfileShelf
from tui.screens.confirm import Confirm
from tui.screens.dialog import Dialog, Verdict, given
from tui.screens.profile_editor import ProfileEditor

_NAME_WIDTH = 18


class ProfilePicker(Dialog[Profile]):
    """Gives back the profile to use. Changes go to ``shelf`` at once."""

    heading = "Profiles"
    keys = "Enter use   e change   n new   x remove   Esc close"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "edit", "Change", show=False),
        Binding("n", "new", "New", show=False),
        Binding("x,delete", "remove", "Remove", show=False),
        Binding("j", "move('cursor_down')", "Down", show=False),
        Binding("k", "move('cursor_up')", "Up", show=False),
    ]

    def __init__(self, shelf: ProfileShelf) -> None:
        super().__init__()
        self._shelf = shelf

    def compose_parts(self) -> ComposeResult:
        """The list, and the command line of the highlighted profile."""
        yield OptionList(id="profiles")
        yield Static("", id="about", markup=False)
        yield Verdict(id="verdict")

    def on_mount(self) -> None:
        """List them."""
        self._show(self._shelf.profiles[0].name)
        self.query_one("#profiles").focus()

    @property
    def _list(self) -> OptionList:
        return self.query_one("#profiles", OptionList)

    @property
    def _current(self) -> Profile:
        return self._shelf.profiles[self._list.highlighted or 0]

    def _show(self, name: str) -> None:
        """List what there is now, the highlight on ``name``."""
        profiles = self._shelf.profiles
        self._list.clear_options()
        self._list.add_options(Option(_line(one)) for one in profiles)
        names = [one.name for one in profiles]
        self._list.highlighted = names.index(name) if name in names else 0
        self.query_one(Verdict).say("")

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show the command line."""
        profile = self._shelf.profiles[event.option_index]
        whose = "yours" if profile.is_users else "comes with PyScan"
        self.query_one("#about", Static).update(Text(f"{profile.command}\n({whose})"))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Use it."""
        self.dismiss(self._shelf.profiles[event.option_index])

    def action_move(self, way: str) -> None:
        """As the arrows."""
        getattr(self._list, f"action_{way}")()

    def action_edit(self) -> None:
        """Change the highlighted profile; one of ours becomes the user's own by that."""
        self._edit(self._current, "Change a profile")

    def action_new(self) -> None:
        """Make one, beginning with what the highlighted one does."""
        self._edit(replace(self._current, name="", about="", path=None), "New profile")

    def _edit(self, profile: Profile, heading: str) -> None:
        def save(made: Profile) -> None:
            self._save(profile, made)

        self.app.push_screen(ProfileEditor(profile, heading), given(save))

    def _save(self, before: Profile, made: Profile) -> None:
        try:
            self._shelf.save(made)
            if before.is_users and before.name != made.name:
                self._shelf.delete(before)
        except ProfileError as error:
            self.query_one(Verdict).refuse(str(error))
        else:
            self._show(made.name)
            self.query_one(Verdict).accept(f"{made.name} is saved.")

    def action_remove(self) -> None:
        """Remove a profile of the user's, after a question."""
        profile = self._current
        if not profile.is_users:
            self.query_one(Verdict).refuse(f"{profile.name} came with PyScan and stays.")
            return
        self.app.push_screen(
            Confirm(f"Remove your profile {profile.name}?", yes="Remove", no="Keep"),
            lambda yes: self._remove(profile) if yes else None,
        )

    def _remove(self, profile: Profile) -> None:
        try:
            self._shelf.delete(profile)
        except ProfileError as error:
            self.query_one(Verdict).refuse(str(error))
        else:
            self._show(profile.name)


def _line(profile: Profile) -> Text:
    mark = "*" if profile.is_users else " "
    return Text(
        f"{mark} {profile.name:<{_NAME_WIDTH}} {profile.about}", no_wrap=True, overflow="ellipsis"
    )
