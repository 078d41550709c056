"""Target files: comments, size, and errors that name the line."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from engine.spec import target_file
from engine.spec.error import SpecError
from engine.spec.targets import parse_target_file, read_target_file


def test_blanks_newlines_and_comments(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_bytes(
        b"\xef\xbb\xbf10.0.0.1 10.0.0.2\t10.0.0.3 # three\r\n\n# none\nname#x\n10.1.0.0/24"
    )
    parsed = parse_target_file(path)
    assert parsed.count == 3 + 1 + 256
    assert parsed.host_names == ("name",)
    assert "three" not in read_target_file(path)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"10.0.0.1\n10.0.0.2\n")))
    assert parse_target_file("-").count == 2


@pytest.mark.parametrize(
    ("content", "line", "position", "piece"),
    [
        (b"10.0.0.1\n# fine\n  10.0.0.300\n", "hosts line 3", 9, "300"),
        (b"10.0.0.1\n\xff\xfe\x00", "hosts line 2", 0, "\ufffd\ufffd\0"),
        (b"x" * 5000, "hosts line 1", 0, "x" * 5000),
    ],
)
def test_errors_name_file_and_line(
    tmp_path: Path, content: bytes, line: str, position: int, piece: str
) -> None:
    path = tmp_path / "hosts"
    path.write_bytes(content)
    with pytest.raises(SpecError) as caught:
        parse_target_file(path)
    error = caught.value
    assert (error.what, error.position, error.piece) == (line, position, piece)


@pytest.mark.parametrize("name", ["missing", ".", "nul\0byte"])
def test_unreadable_files_give_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError, match="cannot be read") as caught:
        parse_target_file(name)
    assert caught.value.line.isprintable()


def test_size_and_number_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "hosts"
    path.write_text("10.0.0.1\n10.0.0.2\n10.0.0.3\n")
    monkeypatch.setattr(target_file, "MAX_EXPRESSIONS", 2)
    with pytest.raises(SpecError, match="hosts line 3"):
        parse_target_file(path)
    monkeypatch.setattr(target_file, "MAX_BYTES", 10)
    with pytest.raises(SpecError, match="too long"):
        read_target_file(path)


def test_fifty_thousand_lines(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_text("".join(f"10.{n >> 8 & 255}.{n & 255}.{n % 251}\n" for n in range(50_000)))
    assert parse_target_file(path).count == 50_000
