from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.actions import ACTIONS
from tui.config import Config, ConfigError, load_config, read_config
from tui.config_command import run, template_lines
from tui.plan import Finding
from tui.profiles import ProfileShelf
from tui.settings import SETTINGS
from tui.user_folder import UserFolder, user_folder


@pytest.fixture
def folder(tmp_path: Path) -> UserFolder:
    path = tmp_path / "pyscan"
    path.mkdir()
    return UserFolder(path, tmp_path, os.geteuid(), os.getegid())


def write(folder: UserFolder, text: str | bytes) -> None:
    folder.config.write_bytes(text if isinstance(text, bytes) else text.encode())


LONG = "0x" + "f" * 9000

WHOLE = """
theme = "sand"
animations = false
verbosity = 3
profiles = "~/work"
[scan]
timing = 4
ports = "22,80"
discovery = "every"
names = false
[layout]
hosts = "hidden"
log = "shown"
detail = "auto"
[filters]
"web servers" = "port:80,443 state:open"
[keys]
pause = "f5"
"""


def test_no_file_means_every_default(folder: UserFolder) -> None:
    assert load_config(folder) == Config()


def test_every_setting_is_read(folder: UserFolder) -> None:
    write(folder, WHOLE)
    config = load_config(folder)
    assert (config.theme, config.animations, config.verbosity) == ("sand", False, 3)
    assert folder.expand(config.profiles) == folder.home / "work"
    assert (config.scan.timing, config.scan.ports) == ("4", "22,80")
    assert (config.scan.discovery, config.scan.names) == (Finding.EVERY, False)
    assert config.layout == {"hosts": False, "log": True, "detail": None}
    assert config.filters == {"web servers": "port:80,443 state:open"}
    assert config.keymap.key("pause") == "f5" and config.warnings == ()
    assert len(config.given) == len(SETTINGS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("thme = 'sand'", "thme is not known; did you mean theme?"),
        ("[scna]\n", "scna is not known; did you mean scan?"),
        ("[scan]\ntming = 3", "[scan] tming is not known; did you mean timing?"),
        ("[scan]\n'%%' = 3", "[scan] %% is not known; there are timing, ports"),
        ("scan = 3", "scan must be a table: write [scan]"),
        ("theme = 3", "theme = 3: must be text in quotes"),
        ("theme = ''", "theme = : must be text"),
        ("animations = 1", "animations = 1: must be true or false"),
        ("verbosity = 4", "verbosity = 4: must be a whole number from 0 to 3"),
        pytest.param(f"verbosity = {LONG}", "verbosity = a long number: must be", id="long"),
        pytest.param(f"[keys]\npause = {LONG}", "pause = a long number is not", id="long key"),
        ("verbosity = true", "verbosity = True: must be a whole number"),
        ("[scan]\ntiming = 9", "[scan] timing = 9: timing at character 1: '9' is not"),
        ("[scan]\nports = '99999'", "[scan] ports = 99999: ports at character 1"),
        ("[scan]\ndiscovery = 'pnig'", "must be ping, every, only, list; did you mean ping?"),
        ("[layout]\nlog = true", "[layout] log = True: must be text in quotes"),
        ("[filters]\na = 3", '[filters] a must be text such as "state:open port:80-90"'),
        ("[filters]\na = 'port:x'", "[filters] a: "),
        ("[filters]\n" + "\n".join(f"a{n}='x'" for n in range(51)), "[filters] has 51 entries"),
        (f"[filters]\n{'a' * 41} = 'x'", "a name has 1 to 40 visible characters"),
        ("[filters]\na = 'x\\u007f'".replace("'", '"'), "[filters] a must be text"),
        ("[keys]\npause = 't'", "[keys] t means both targets and pause"),
        ("[keys]\npasue = 'x'", "[keys] pasue is not an action; did you mean pause?"),
        ("theme = 'a\\u001b[31m'".replace("'", '"'), "visible characters"),
    ],
)
def test_a_mistake_is_one_line_that_names_it(folder: UserFolder, text: str, said: str) -> None:
    write(folder, text)
    with pytest.raises(ConfigError) as caught:
        load_config(folder)
    (problem,) = caught.value.problems
    assert problem.startswith("config.toml: ") and said in problem and problem.isprintable()


def test_all_mistakes_are_told_at_once(folder: UserFolder) -> None:
    write(folder, "a = 1\nverbosity = 9\n[scan]\nb = 1\n[keys]\nc = 'x'\n")
    with pytest.raises(ConfigError) as caught:
        load_config(folder)
    assert len(caught.value.problems) == 4


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"theme = ", "is not valid TOML"),
        (b"#" * 70_000, "is larger than 64 KiB"),
        (b"a = " + b"[" * 20_000, "is nested too deeply"),
    ],
    ids=["bytes", "broken", "huge", "deep"],
)
def test_hostile_files_are_one_line(folder: UserFolder, data: bytes, said: str) -> None:
    write(folder, data)
    with pytest.raises(ConfigError, match=said):
        load_config(folder)


def test_what_others_can_write_is_refused_and_not_passed_over(folder: UserFolder) -> None:
    write(folder, WHOLE)
    folder.config.chmod(0o666)
    with pytest.raises(ConfigError, match="can be written by others; run chmod go-w on it"):
        load_config(folder)
    folder.config.chmod(0o600)
    folder.path.chmod(0o777)
    with pytest.raises(ConfigError, match="the folder can be written by others"):
        load_config(folder)


def test_a_link_that_leads_nowhere_is_told(folder: UserFolder) -> None:
    folder.config.symlink_to(folder.path / "nowhere")
    with pytest.raises(ConfigError, match="is not there"):
        load_config(folder)


@pytest.mark.root
def test_a_file_of_another_user_is_refused(folder: UserFolder) -> None:
    write(folder, WHOLE)
    os.chown(folder.config, 4242, 4242)
    with pytest.raises(ConfigError, match="belongs to another user"):
        load_config(folder)


VALUES: st.SearchStrategy[object] = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.text(max_size=8), st.floats()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = st.one_of(
    st.sampled_from(["theme", "scan", "layout", "filters", "keys", "profiles"]),
    st.text(max_size=8),
)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_no_table_stops_the_program(table: dict[str, object]) -> None:
    try:
        read_config(table)
    except ConfigError as error:
        assert all(line.isprintable() for line in error.problems)


# Whose folder it is


def test_the_folder_is_ones_own() -> None:
    found = user_folder()
    assert found.home == Path.home() and found.path.is_relative_to(Path.home())
    assert found.owner == os.geteuid()


@pytest.mark.root
def test_under_sudo_it_is_that_of_the_user_who_called(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    entry = SimpleNamespace(pw_dir=str(tmp_path), pw_uid=4242, pw_gid=4243)
    monkeypatch.setattr("pwd.getpwnam", {"ann": entry}.__getitem__)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("SUDO_USER", "ann")
    found = user_folder()
    assert found == UserFolder(tmp_path / ".config" / "pyscan", tmp_path, 4242, 4243)
    assert found.expand("~/x") == tmp_path / "x" and found.expand("x") == found.path / "x"
    assert found.expand("~") == tmp_path and found.expand("/x") == Path("/x")
    monkeypatch.setenv("SUDO_USER", "nobody-called-so")
    assert user_folder().owner == 0


# The command


def test_the_template_sets_nothing_and_is_accepted(
    folder: UserFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("template", folder) == 0
    text = capsys.readouterr().out
    write(folder, text)
    assert load_config(folder) == Config()
    assert run("check", folder) == 0
    assert "no mistakes" in capsys.readouterr().out


def test_the_templates_values_are_the_defaults(folder: UserFolder) -> None:
    live = re.sub(r"(?m)^#(?=\S+ = )", "", "\n".join(template_lines()))
    table = tomllib.loads(live)
    assert table.pop("filters").keys() == {"web"}
    assert len(table["keys"]) == len(ACTIONS)
    config = read_config(table)
    assert config.keymap == Config().keymap
    assert (config.theme, config.animations, config.scan) == (
        Config().theme,
        Config().animations,
        Config().scan,
    )
    assert len(config.given) == len(SETTINGS)


@pytest.mark.parametrize("text", ["", WHOLE])
def test_what_is_shown_means_the_same(
    folder: UserFolder, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, text)
    before = load_config(folder)
    assert run("show", folder) == 0
    shown = capsys.readouterr().out
    assert ("# default" in shown) is (not text)
    write(folder, shown)
    after = load_config(folder)
    assert (after.scan, after.filters, after.keymap) == (before.scan, before.filters, before.keymap)
    assert (after.theme, after.profiles) == (before.theme, before.profiles)


def test_path_and_a_check_without_a_file(
    folder: UserFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("path", folder) == 0
    assert capsys.readouterr().out == f"{folder.config}\n"
    assert run("check", folder) == 0
    assert "there is none" in capsys.readouterr().out


def test_check_looks_at_themes_and_profiles_too(
    folder: UserFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, "theme = 'snad'\n[keys]\npause = 'ctrl+b'\n")
    for one in (folder.themes, folder.profiles):
        one.mkdir()
        (one / "bad.toml").write_text("x")
    assert run("check", folder) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("pyscan-tui: warning: config.toml: [keys] pause = ctrl+b may never")
    assert lines[1].startswith("pyscan-tui: theme bad.toml: is not valid TOML")
    assert lines[2] == 'pyscan-tui: config.toml: theme = "snad": did you mean sand?'
    assert lines[3].startswith("pyscan-tui: profile bad.toml: is not valid TOML")


@pytest.mark.parametrize("what", ["show", "check"])
def test_a_mistake_is_shown_and_checked_alike(
    folder: UserFolder, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, "verbosity = 9")
    assert run(what, folder) == 2
    said = capsys.readouterr()
    assert said.err.startswith("pyscan-tui: config.toml: verbosity = 9: ") and not said.out


# The page about it


def test_the_pages_examples_are_understood(tmp_path: Path) -> None:
    docs = Path(__file__).parents[2] / "docs"
    blocks = re.findall(r"(?s)```toml\n(.*?)```", (docs / "configuration.md").read_text("utf-8"))
    settings, profile = blocks
    config = read_config(tomllib.loads(settings))
    assert len(config.given) == len(SETTINGS) and config.keymap.key("pause") == "f6"
    user = UserFolder(tmp_path, tmp_path, os.geteuid())
    user.profiles.mkdir()
    (user.profiles / "one.toml").write_text(profile)
    assert not ProfileShelf(user.profiles, user).problems
