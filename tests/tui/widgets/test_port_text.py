from __future__ import annotations

import numpy as np
import pytest

from tui.widgets.port_text import port_text


@pytest.mark.parametrize(
    ("channels", "text"),
    [
        ([], ""),
        ([22], "22"),
        (range(1, 1001), "1-1000"),
        ([443, 22, 80, 81], "22,80-81,443"),
        ([22, 80, 1 << 16 | 53], "T:22,80 U:53"),
        (range(1, 60, 2), "30 ports"),
    ],
)
def test_port_text(channels: list[int], text: str) -> None:
    assert port_text(np.array(list(channels), np.uint32)) == text
