"""ThriftyStyles: a style sheet that is parsed once for each set of colours.

Textual (8.2) parses every rule anew at each look for other colours, three times before the first
picture is on the screen, which is a twentieth of the time until then.
"""

from __future__ import annotations

from textual.css.stylesheet import Stylesheet


class ThriftyStyles(Stylesheet):
    """Parses what was added since the last time; all of it only for other variables."""

    def set_variables(self, variables: dict[str, str]) -> None:
        """Use these colours; what is known of the same ones stays."""
        if variables != self._variables:
            super().set_variables(variables)

    def reparse(self) -> None:
        """Parse what is not known yet for the variables, as soon as a rule is asked for."""
        self._require_parse = True
        self._rules_map = None
