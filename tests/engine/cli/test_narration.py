"""The progress line."""

from __future__ import annotations

import pytest

from engine.cli.narration import progress_line
from engine.core.progress import Progress


@pytest.mark.parametrize(
    ("progress", "line"),
    [
        (
            Progress(total=1000, decided=450, send_rate=20_000, remaining=3.2),
            "45.0 %  450 of 1,000 ports  20,000 probes/s  about 3 s left",
        ),
        (
            Progress(hosts_total=256, hosts_up=12, hosts_down=28, send_rate=500),
            "12 up, 40 of 256 hosts asked  500 probes/s",
        ),
        (
            Progress(total=10, decided=5, hosts_total=4, hosts_up=1, hosts_down=1),
            "1 up, 2 of 4 hosts asked  50.0 %  5 of 10 ports  0 probes/s",
        ),
        (
            Progress(total=10, decided=5, hosts_total=4, hosts_up=1, hosts_down=3),
            "50.0 %  5 of 10 ports  0 probes/s",
        ),
    ],
)
def test_the_progress_line_shows_what_there_is(progress: Progress, line: str) -> None:
    assert progress_line(progress) == line
