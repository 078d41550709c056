"""The one error for text the user typed."""

from __future__ import annotations


class SpecError(ValueError):
    """Text that cannot be understood, with what is needed to mend it.

    Attributes:
        what: which field the text belongs to, e.g. ``ports`` or ``targets``.
        piece: the part of the text that is wrong.
        position: index of the piece's first character in the text, or None when there is no text.
        problem: what is wrong, in a few words.
        hint: what was expected or probably meant; may be empty.
    """

    def __init__(
        self, what: str, piece: str, position: int | None, problem: str, hint: str = ""
    ) -> None:
        self.what = what
        self.piece = piece
        self.position = position
        self.problem = problem
        self.hint = hint
        super().__init__(self.line)

    @property
    def line(self) -> str:
        """One line for the user: where, what, and what to do."""
        where = "" if self.position is None else f" at character {self.position + 1}"
        hint = f"; {self.hint}" if self.hint else ""
        shown = self.piece if len(self.piece) <= 40 else self.piece[:39] + "…"
        printable = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in shown)
        return f"{self.what}{where}: {printable!r} {self.problem}{hint}"
