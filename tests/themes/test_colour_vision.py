"""Port states stay apart for people who see fewer colours, and for everyone else."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from textual.color import Color
from textual.theme import Theme

from themes.loader import load_themes

Numbers = NDArray[np.float64]

SIMULATIONS = {
    "normal": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
"""What remains of linear RGB (Machado, Oliveira, Fernandes 2009, table 1, severity 1.0)."""

XYZ = np.array(
    (
        (0.4124564, 0.3575761, 0.1804375),
        (0.2126729, 0.7151522, 0.0721750),
        (0.0193339, 0.1191920, 0.9503041),
    )
)
"""sRGB to CIE XYZ under D65 (IEC 61966-2-1)."""
WHITE = XYZ.sum(axis=1)

APART = 20.0
"""Least CIE 1976 distance between two states; 2.3 is just noticeable side by side."""

SAFE = {
    "red-green-safe": ("protanopia", "deuteranopia"),
    "red-green-safe-light": ("protanopia", "deuteranopia"),
    "blue-yellow-safe": ("tritanopia",),
}
STATES = ("open", "closed", "filtered", "unfiltered", "mixed")
THEMES = {theme.name: theme for theme in load_themes().themes}


def seen(theme: Theme, state: str, sight: str) -> Numbers:
    """CIE L*a*b* of a state's colour as ``sight`` sees it."""
    colour = Color.parse(theme.variables[f"port-{state}"])
    rgb = np.array((colour.r, colour.g, colour.b)) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = XYZ @ np.clip(np.array(SIMULATIONS[sight]) @ linear, 0, 1) / WHITE
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array((116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])))


def nearest(theme: Theme, sight: str) -> float:
    """The least distance between two states."""
    return min(
        float(np.linalg.norm(seen(theme, one, sight) - seen(theme, other, sight)))
        for one, other in combinations(STATES, 2)
    )


@pytest.mark.parametrize(
    ("name", "sight"), [(name, sight) for name, sights in SAFE.items() for sight in sights]
)
def test_states_stay_apart_for_the_eyes_a_theme_is_made_for(name: str, sight: str) -> None:
    assert nearest(THEMES[name], sight) >= APART


@pytest.mark.parametrize("name", [name for name, one in THEMES.items() if not one.ansi])
def test_states_stay_apart_for_eyes_that_see_all_colours(name: str) -> None:
    assert nearest(THEMES[name], "normal") >= APART


def test_the_measure_tells_a_safe_theme_from_one_that_is_not() -> None:
    assert nearest(THEMES["dusk"], "deuteranopia") < APART
