"""ClosesOnce: a screen over another that takes nothing but itself away when it closes."""

from __future__ import annotations

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen

Result = TypeVar("Result")


class ClosesOnce(ModalScreen[Result | None]):
    """Keys are typed ahead of the screen: a second Enter reaches a screen that has closed already,
    or lies under another. Textual would then close whatever is on top."""

    DEFAULT_CLASSES = "-tall"  # as most terminals are: no other styles to look for

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Close with a result; nothing happens unless this screen is on top."""
        return super().dismiss(result) if self.is_active else AwaitComplete()
