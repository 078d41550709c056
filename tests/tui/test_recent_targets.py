from __future__ import annotations

from pathlib import Path

from tui.recent import MAX_BYTES, MAX_ENTRIES, MAX_LENGTH, RecentTargets


def test_newest_first_without_duplicates(tmp_path: Path) -> None:
    recent = RecentTargets(tmp_path / "deep" / "recent.txt")
    for text in ("10.0.0.1", "10.0.0.2", "10.0.0.1"):
        recent.add(text)
    assert recent.read() == ("10.0.0.1", "10.0.0.2")
    assert recent.path.stat().st_mode & 0o077 == 0


def test_bounded(tmp_path: Path) -> None:
    recent = RecentTargets(tmp_path / "recent.txt")
    for number in range(MAX_ENTRIES + 5):
        recent.add(f"10.0.0.{number}")
    recent.add("x" * (MAX_LENGTH + 1))
    assert len(recent.read()) == MAX_ENTRIES
    assert recent.read()[0] == f"10.0.0.{MAX_ENTRIES + 4}"


def test_a_file_someone_tampered_with(tmp_path: Path) -> None:
    path = tmp_path / "recent.txt"
    path.write_bytes(b"\x1b[31mred\n10.0.0.1\n\xff\xfe\n\xe2\x80\xae10.0.0.2\n" + b"a" * MAX_BYTES)
    assert "10.0.0.1" in RecentTargets(path).read()
    assert all(line.isprintable() for line in RecentTargets(path).read())


def test_no_file_and_no_right_to_write(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    recent = RecentTargets(blocked / "recent.txt")
    assert recent.read() == ()
    recent.add("10.0.0.1")
    assert recent.read() == ()


def test_the_usual_place_is_the_users_state_folder() -> None:
    assert RecentTargets().path.parts[-2:] == ("pyscan", "recent-targets.txt")
    assert str(Path.home()) in str(RecentTargets().path)
