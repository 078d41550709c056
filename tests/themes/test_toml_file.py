"""Whose files are trusted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from themes.loader import load_themes
from themes.toml_file import TomlFileError, read_toml

ME = os.geteuid()
STRANGER = 4242


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "one.toml"
    path.write_text("a = 1\n")
    path.chmod(0o644)
    return path


def refusal(path: Path, owner: int | None = ME) -> str:
    with pytest.raises(TomlFileError) as caught:
        read_toml(path, owner)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_ones_own_file_is_read_directly_and_through_a_link(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    assert read_toml(file, ME) == read_toml(link, ME) == {"a": 1}


@pytest.mark.parametrize("mode", [0o666, 0o664])
def test_a_file_others_can_write_is_not_read(file: Path, mode: int) -> None:
    file.chmod(mode)
    assert refusal(file) == "is not used: it can be written by others; run chmod go-w on it"
    assert read_toml(file) == {"a": 1}  # one of our own


def test_nor_one_in_a_folder_others_can_write_unless_it_is_sticky(file: Path) -> None:
    file.parent.chmod(0o777)
    assert "the folder can be written by others" in refusal(file)
    file.parent.chmod(0o1777)
    assert read_toml(file, ME) == {"a": 1}


def test_a_link_is_judged_by_what_it_leads_to(file: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "link.toml").symlink_to(file)
    file.parent.chmod(0o777)
    assert "the folder can be written by others" in refusal(home / "link.toml")


@pytest.mark.root
def test_another_users_file_is_not_read(file: Path) -> None:
    os.chown(file, STRANGER, STRANGER)
    assert "belongs to another user" in refusal(file)
    os.chown(file.parent, STRANGER, STRANGER)
    assert read_toml(file, STRANGER) == {"a": 1}


@pytest.mark.root
def test_under_sudo_a_link_shows_nothing_of_roots_secrets(file: Path) -> None:
    file.chmod(0o600)
    assert "is root's and not readable by all" in refusal(file, STRANGER)
    file.chmod(0o644)
    file.parent.chmod(0o755)
    assert read_toml(file, STRANGER) == {"a": 1}


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_neither_blocks_nor_raises(tmp_path: Path, make: object) -> None:
    path = tmp_path / "odd.toml"
    assert callable(make)
    make(path)
    assert refusal(path) == "is not a regular file"


def test_a_file_that_is_not_there_and_a_link_to_itself(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.toml") == "is not there"
    loop = tmp_path / "loop.toml"
    loop.symlink_to(loop)
    assert refusal(loop).startswith("cannot be read: ")


def test_a_users_theme_that_others_can_write_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[ui]\nprimary = "red"\n')
    path.chmod(0o666)
    loaded = load_themes(tmp_path, ME)
    assert loaded.named("mine") is None
    assert loaded.problems[0].startswith("theme mine.toml: is not used")
