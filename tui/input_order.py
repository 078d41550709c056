"""InputOrder: each key is done with before the next one is handed on.

Textual hands a key to whatever has the focus at the moment the key is read, and does what the key
is bound to later. What is typed faster than it is handled, or arrives in one piece over a slow
line, would go where the focus was before: the letters of "/ssh" to the table that "/" leaves.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from textual import events
from textual.app import App, ScreenStackError
from textual.dom import DOMNode
from textual.errors import NoWidget

HUNG = 1.0
"""Seconds of an idle event loop after which a key counts as done, however it hangs."""
_LOOKS = 10

_ACTS = (events.Key, events.Paste, events.MouseDown, events.MouseUp)


class InputOrder:
    """Holds input back until what came before it has had all its effects.

    A key goes from the focus up to the app, from one queue of messages to the next, and so do the
    messages it gives rise to. A mark takes the same way behind them. The key is done with when the
    mark comes to the app, found no queue with anything left in it, and the focus is where the mark
    set out. Otherwise another mark sets out, from where the focus is by then; in a dialog that is
    about to open, this waits until the dialog is there. Nothing waits for threads. What is typed
    before ``begin`` waits for that.

    Args:
        app: the program.
        hand_on: gives an event to the screen, as the app would.
    """

    def __init__(self, app: App[None], hand_on: Callable[[events.Event], Awaitable[None]]) -> None:
        self._app = app
        self._hand_on = hand_on
        self._held: deque[events.Event] = deque()
        self._start: DOMNode = app
        self._path: list[DOMNode] = [app]
        self._moving = False
        self._mark = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def quiet(self) -> bool:
        """True when all input has had its effects."""
        return not self._path and not self._held

    def begin(self) -> None:
        """The first screen is shown, or about to be: take input as soon as it is there."""
        self._follow(self._focus)

    async def take(self, event: events.Event) -> None:
        """Hand an event of the terminal on, at once or as soon as it is its turn."""
        if self._path or self._held:
            self._held.append(event)
        else:
            await self._give(event)

    async def _give(self, event: events.Event) -> None:
        target = self._target(event)
        await self._hand_on(event)
        if isinstance(event, _ACTS):
            self._follow(target)

    def _target(self, event: events.Event) -> DOMNode:
        if isinstance(event, events.MouseEvent):
            try:
                return self._app.get_widget_at(event.x, event.y)[0]
            except (NoWidget, ScreenStackError):
                pass
        return self._focus

    @property
    def _focus(self) -> DOMNode:
        try:
            screen = self._app.screen
        except ScreenStackError:
            return self._app
        return screen.focused or screen

    # The mark

    def _follow(self, start: DOMNode) -> None:
        self._watch(_LOOKS)
        self._send_mark(start)

    def _send_mark(self, start: DOMNode) -> None:
        self._start, self._path, self._moving = start, [], False
        self._mark += 1
        self._put_mark(start, self._mark)

    def _put_mark(self, node: DOMNode | None, mark: int) -> None:
        """Put the mark into a node's queue, or into the first one above it that takes it."""
        while node is not None and not self._post(node, mark):
            node = node.parent
        if node is not None:
            self._path.append(node)
        elif self._post(self._app, mark):
            self._path.append(self._app)
        else:
            self._finish()

    def _post(self, node: DOMNode, mark: int) -> bool:
        """As ``call_later`` does, which would look for the callback's parameters each time."""
        return node.post_message(events.Callback(_Mark(self, node, mark).arrive))

    async def arrive(self, node: DOMNode, mark: int) -> None:
        """The mark has come up in a node's queue: all before it has been handled there."""
        if mark != self._mark:
            return
        self._moving = self._moving or _has_messages(node)
        if node is not self._app:
            self._put_mark(node.parent, mark)
            return
        moving = self._moving or any(map(_has_messages, self._path))
        if moving or self._start is not self._focus:
            self._send_mark(self._focus)
        else:
            await self._next()

    async def _next(self) -> None:
        """Hand on what was held back, up to the next event that has to be done with first."""
        self._finish()
        while self._held and not self._path:
            await self._give(self._held.popleft())

    def _finish(self) -> None:
        self._path = []
        self._mark += 1
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # What hangs must not lock the keyboard

    def _watch(self, looks: int) -> None:
        """Give a mark up that got nowhere in HUNG seconds in which there was nothing else to do:
        looks that come late, because the program is busy, are late all together."""
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(HUNG / _LOOKS, self._look, looks - 1)

    def _look(self, looks: int) -> None:
        if looks:
            self._watch(looks)
        else:
            self._app.call_later(self._next)


class _Mark(NamedTuple):
    """A mark on its way through the queue of a node."""

    order: InputOrder
    node: DOMNode
    number: int

    async def arrive(self) -> None:
        """It has come up in the queue."""
        await self.order.arrive(self.node, self.number)


def _has_messages(node: DOMNode) -> bool:
    waiting = node._pending_message is not None or node.message_queue_size > 0
    return waiting and node.is_running


class OrderlyApp(App[None]):
    """An app that takes its input in order."""

    def __init__(self) -> None:
        super().__init__()
        self.input_order = InputOrder(self, self.hand_on)

    async def on_event(self, event: events.Event) -> None:
        """Let input wait for its turn."""
        is_input = isinstance(event, events.InputEvent | events.Paste)
        if is_input and not event.is_forwarded:
            await self.input_order.take(event)
        else:
            await super().on_event(event)

    async def hand_on(self, event: events.Event) -> None:
        """Give input whose turn it is to the screen."""
        await super().on_event(event)
