"""FilterBar: where the user types what the results table should show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input, Static

from engine.results.filter import EVERYTHING, MAX_LENGTH, Filter, parse_filter
from engine.results.filter_words import begun, completion
from engine.spec.error import SpecError
from tui.line_input import LineInput

HELP = "port:22,80-90 state:open service:http host:10.0 reason:reset -not /regex/"
EXAMPLE = "filter, for example  port:80-90 state:open -http"


class FilterWords(Suggester):
    """Shows in grey what the last term may go on with; the right arrow key takes it.

    Attributes:
        hosts: names and addresses that may stand behind ``host:``.
    """

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self.hosts: Sequence[str] = ()

    async def get_suggestion(self, value: str) -> str | None:
        """``value`` and more, or None. Nothing that would make the filter too long."""
        found = completion(value, self.hosts)
        return found if found is not None and len(found) <= MAX_LENGTH else None


class FilterBar(Vertical):
    """A line to type in, and below it the grammar or what is wrong with the text.

    The filter takes effect with every key; a last term that is only begun waits until it is
    complete, and while the text cannot be understood, the last good filter stays. The right arrow
    key takes the completion shown behind the text. Enter keeps the filter, Escape takes it away;
    both say so with ``Closed``. The bar can be seen while the user types and while there is a
    filter.
    """

    DEFAULT_CSS = """
    FilterBar { height: auto; display: none; }
    FilterBar.open { display: block; }
    FilterBar Horizontal { height: 1; }
    FilterBar .slash { width: 2; text-style: bold; }
    FilterBar Input, FilterBar Input:focus { border: none; height: 1; padding: 0; width: 1fr; }
    FilterBar .hint { height: auto; max-height: 3; display: none; }
    FilterBar:focus-within .hint, FilterBar .hint.error { display: block; }
    FilterBar .hint.error { color: $text-error; text-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up", "Clear", show=False)]

    class Changed(Message):
        """The table should show what ``filter`` lets through; ``text`` is how it was written."""

        def __init__(self, chosen: Filter, text: str) -> None:
            super().__init__()
            self.filter = chosen
            self.text = text

    class Closed(Message):
        """The user is done with the bar; ``kept`` is False when the filter was taken away."""

        def __init__(self, kept: bool) -> None:
            super().__init__()
            self.kept = kept

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._filter = EVERYTHING
        self._words = FilterWords()

    def compose(self) -> ComposeResult:
        """The input and the line below it."""
        with Horizontal():
            yield Static("/", classes="slash")
            yield LineInput(placeholder=EXAMPLE, max_length=MAX_LENGTH, suggester=self._words)
        yield Static(Text(HELP), markup=False, classes="hint")

    @property
    def text(self) -> str:
        """What is written in the bar."""
        return self.query_one(Input).value

    @property
    def filter(self) -> Filter:
        """The last filter that could be understood."""
        return self._filter

    @property
    def active(self) -> bool:
        """True while the bar can be seen."""
        return self.has_class("open")

    def open(self, hosts: Sequence[str] = ()) -> None:
        """Let the user type; ``hosts`` are names and addresses to complete."""
        self._words.hosts = hosts
        self.add_class("open")
        self.query_one(Input).focus()

    def clear(self) -> None:
        """Take the filter away and fold the bar."""
        self.set_text("")
        self.remove_class("open")

    def set_text(self, text: str) -> None:
        """Write ``text`` into the bar, as if it had been typed."""
        self.query_one(Input).value = text[:MAX_LENGTH]
        if text:
            self.add_class("open")

    @on(Input.Changed)
    def _read(self, event: Input.Changed) -> None:
        event.stop()
        waiting = begun(event.value)
        try:
            chosen = parse_filter(event.value if waiting is None else waiting.before)
        except SpecError as error:
            self._say(f"✗ {error.line}", wrong=True)
            return
        self._say(HELP if waiting is None else waiting.hint)
        if chosen != self._filter:
            self._filter = chosen
            self.post_message(self.Changed(chosen, event.value))

    def _say(self, text: str, *, wrong: bool = False) -> None:
        line = self.query_one(".hint", Static)
        line.update(Text(text))
        line.set_class(wrong, "error")

    @on(Input.Submitted)
    def _keep(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            parse_filter(event.value)
        except SpecError as error:
            self._say(f"✗ {error.line}", wrong=True)
            return
        if not event.value.strip():
            self.clear()
        self.post_message(self.Closed(kept=self.active))

    def action_give_up(self) -> None:
        """Take the filter away and leave."""
        self.clear()
        self.post_message(self.Closed(kept=False))
