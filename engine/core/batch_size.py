"""BatchSize: how many probes are handed out at once.

Large batches cost less per probe; but a command waits until the batch under way has left, and
answers are not read meanwhile. So a batch grows or shrinks until it takes about as long as a person
does not notice.
"""

from __future__ import annotations

_FIRST = 4_096
_LEAST, _MOST = 256, 8_192
_NEARLY = 0.75
"""Share of a batch that counts as all of it: the last piece may be noted later."""
_SHORT, _LONG = 0.025, 0.06
"""Seconds between which a batch may take to leave; a command must take effect within 0.1 s."""


class BatchSize:
    """The size for one way out.

    Attributes:
        most: probes to hand out at most.
    """

    def __init__(self) -> None:
        self.most = _FIRST

    def note(self, count: int, seconds: float) -> None:
        """``count`` probes took ``seconds`` to leave."""
        if seconds > _LONG:
            self.most = max(self.most // 2, _LEAST)
        elif count >= _NEARLY * self.most and seconds < _SHORT:
            self.most = min(self.most * 2, _MOST)
