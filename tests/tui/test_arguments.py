from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tui import __main__ as program

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--them", "x"], "did you mean --theme?"),
        (["--theme", "pyscan-drak", "10.0.0.1"], "did you mean pyscan-dark?"),
        (["-iL", "-"], "standard input is the keyboard"),
        (["10.0.0.1"], "needs a terminal"),
    ],
)
def test_usage_errors_are_one_line(
    words: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if "--theme" in words:
        monkeypatch.setattr(program, "_check_terminal", lambda args: None)
    assert program.main(words) == 2
    error = capsys.readouterr().err
    assert said in error and error.startswith("pyscan-tui: ") and error.count("\n") == 1


@pytest.mark.parametrize("what", ["show", "template"])
def test_a_reader_of_the_configuration_may_go(what: str, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        run = subprocess.run(
            [sys.executable, "-m", "tui", "--config", what],
            cwd=ROOT,
            check=False,
            stdout=writing,
            stderr=subprocess.PIPE,
            timeout=60,
            env={**os.environ, "HOME": str(tmp_path)},
        )
    finally:
        os.close(writing)
    assert (run.returncode, run.stderr) == (141, b"")


def test_help_and_version_load_nothing_heavy() -> None:
    code = (
        "import sys, tui.__main__ as m\n"
        "try: m.main([sys.argv[1]])\n"
        "except SystemExit: pass\n"
        "print(sorted({'textual', 'numpy', 'scapy'} & set(sys.modules)))"
    )
    for option in ("--help", "--version"):
        run = subprocess.run(
            [sys.executable, "-c", code, option],
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "COLUMNS": "100"},
        )
        assert run.stdout.splitlines()[-1] == "[]", run.stderr


def test_the_screen_does_not_load_the_engine_before_its_first_picture() -> None:
    code = (
        "import sys, tui.app\n"
        "print(sorted(one for one in sys.modules"
        " if one.startswith(('engine.session', 'engine.transport', 'engine.core', 'scapy'))))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    loaded = run.stdout.strip()
    assert "scapy" not in loaded and "engine.session" not in loaded, run.stderr
    assert "engine.transport" not in loaded
