from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.spec.scan_type import ScanType
from tui.plan import Finding, Plan
from tui.profile_plan import Form, changed, command_plan, form_of, meaning, type_choices, used
from tui.profiles import OURS, Profile, ProfileError, ProfileShelf
from tui.user_folder import UserFolder


@pytest.fixture
def user(tmp_path: Path) -> UserFolder:
    return UserFolder(tmp_path / "pyscan", tmp_path, os.geteuid(), os.getegid())


@pytest.fixture
def shelf(user: UserFolder) -> ProfileShelf:
    return ProfileShelf(user.profiles, user)


MINE = Profile("my own", 'for "x" \\ y', "pyscan -T2 -p 22,80")


# Ours


@pytest.mark.parametrize("profile", OURS, ids=lambda one: one.name)
def test_ours_make_sense_and_say_what_they_are_for(profile: Profile) -> None:
    plan = command_plan(profile.command)
    assert command_plan(plan.command).command == plan.command
    assert profile.about.endswith(".") and not profile.is_users
    assert form_of(plan).timing in range(6)


# The user's


def test_a_profile_is_kept_found_again_replaced_and_removed(
    shelf: ProfileShelf, user: UserFolder
) -> None:
    assert shelf.profiles == OURS and not user.path.exists()
    shelf.save(MINE)
    (path,) = user.profiles.iterdir()
    assert path.name == "my-own.toml" and path.stat().st_mode & 0o777 == 0o600
    assert replace(shelf.profiles[-1], path=None) == MINE
    again = ProfileShelf(user.profiles, user)
    assert again.profiles == shelf.profiles and not again.problems
    shelf.save(replace(MINE, command="pyscan -F"))
    assert [one.name for one in user.profiles.iterdir()] == ["my-own.toml"]
    assert shelf.profiles[-1].command == "pyscan -F"
    shelf.delete(shelf.profiles[-1])
    assert shelf.profiles == OURS and list(user.profiles.iterdir()) == []


def test_a_users_profile_stands_in_the_place_of_ours(shelf: ProfileShelf) -> None:
    shelf.save(Profile("quick", "mine", "pyscan -T5 -F"))
    assert [one.name for one in shelf.profiles] == [one.name for one in OURS]
    (quick,) = (one for one in shelf.profiles if one.name == "quick")
    assert quick.is_users and quick.about == "mine"
    shelf.delete(quick)
    assert shelf.profiles == OURS
    with pytest.raises(ProfileError, match="came with PyScan"):
        shelf.delete(OURS[0])


def test_names_of_the_same_letters_get_files_of_their_own(shelf: ProfileShelf) -> None:
    for name in ("a b", "a-b", "../a b", "?!"):
        shelf.save(replace(MINE, name=name))
    files = sorted(one.path.name for one in shelf.profiles if one.path)
    assert files == ["a-b-2.toml", "a-b-3.toml", "a-b.toml", "profile.toml"]


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        (replace(MINE, name=""), "name must be one line of 1 to 40 visible characters"),
        (replace(MINE, name="x" * 41), "name must be one line"),
        (replace(MINE, about="a\x1b[0m"), "about must be one line"),
        (replace(MINE, command="pyscan -p 0-99999"), "ports"),
        (replace(MINE, command="pyscan -Z"), "-Z is not an option of a profile"),
        (replace(MINE, command="pyscan '"), "quotation mark without its partner"),
        (replace(MINE, command="pyscan 10.0.0.1"), "a profile names no targets"),
        (replace(MINE, command="pyscan -iL x"), "a profile names no targets"),
        (replace(MINE, command="pyscan -oX x"), "is not an option of a profile"),
        (replace(MINE, command="pyscan -sn -p 80"), "does not go with -sn"),
    ],
)
def test_what_makes_no_sense_is_not_kept(shelf: ProfileShelf, profile: Profile, said: str) -> None:
    with pytest.raises(ProfileError, match=said):
        shelf.save(profile)
    assert shelf.profiles == OURS


GOOD = 'name = "mine"\ncommand = "pyscan -F"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD + 'abuot = "x"', "abuot is not known; did you mean about?"),
        ("name = 3", "name must be text in quotes"),
        ('name = "x"', "command must be one line"),
        (b"\xff\xfe", "is not UTF-8 text"),
        ("#" * 70_000, "is larger than 64 KiB"),
        ('name = "x"\ncommand = "pyscan \\u001b]0;x\\u0007"', "command must be one line"),
    ],
    ids=["unknown", "type", "missing", "bytes", "huge", "escape"],
)
def test_a_bad_file_is_left_out_with_one_line(
    user: UserFolder, text: str | bytes, said: str
) -> None:
    user.profiles.mkdir(parents=True)
    path = user.profiles / "bad.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (user.profiles / "good.toml").write_text(GOOD)
    shelf = ProfileShelf(user.profiles, user)
    assert [one.name for one in shelf.profiles[len(OURS) :]] == ["mine"]
    (problem,) = shelf.problems
    assert problem.startswith("profile bad.toml: ") and said in problem and problem.isprintable()


def test_a_file_that_others_can_write_is_left_out(shelf: ProfileShelf) -> None:
    shelf.save(MINE)
    path = shelf.profiles[-1].path
    assert path is not None
    path.chmod(0o666)
    shelf.read()
    assert shelf.profiles == OURS and "can be written by others" in shelf.problems[0]


def test_a_folder_that_cannot_be_made_is_one_line(user: UserFolder) -> None:
    user.path.write_text("a file in the folder's place")
    shelf = ProfileShelf(user.profiles, user)
    with pytest.raises(ProfileError, match="cannot be written"):
        shelf.save(MINE)


@pytest.mark.root
def test_under_sudo_files_and_folders_belong_to_the_user(tmp_path: Path) -> None:
    user = UserFolder(tmp_path / ".config" / "pyscan", tmp_path, 4242, 4243)
    shelf = ProfileShelf(user.profiles, user)
    shelf.save(MINE)
    assert shelf.profiles[-1].name == "my own" and not shelf.problems
    made = [user.path.parent, user.path, user.profiles, *user.profiles.iterdir()]
    assert {(one.stat().st_uid, one.stat().st_gid) for one in made} == {(4242, 4243)}
    assert len(made) == 4


# Form and command line


def test_a_form_shows_what_the_command_line_says() -> None:
    plan = command_plan("-sSU -T4 -p 22 -Pn -n --max-rate 50 --max-retries 2")
    types = (ScanType.SYN, ScanType.UDP)
    assert form_of(plan) == Form(types, "22", 4, Finding.EVERY, False, "50", "2")
    assert form_of(command_plan("pyscan")) == Form((), "", 3, Finding.PING, True, "", "")


@pytest.mark.parametrize(
    ("command", "types"),
    [
        ("pyscan -F", "-sS, or -sT without rights"),
        ("pyscan -F -sT", "-sT TCP connect"),
        ("pyscan -F -sS", "-sS TCP SYN"),
        ("pyscan -F -sU", "-sU UDP"),
        ("pyscan -F -sI 192.0.2.1", "-sI TCP idle"),
    ],
)
def test_what_the_rights_decide_is_said_with_and_without_them(command: str, types: str) -> None:
    ports = f"100 most common {'UDP' if '-sU' in command else 'TCP'} ports"
    assert meaning(command_plan(command)) == (ports, types, "T3 normal")


def test_rights_decide_nothing_where_no_ports_are_asked() -> None:
    said = meaning(command_plan("pyscan -sn"))
    assert said == ("only which hosts are up, no ports", "T3 normal")


def test_a_changed_field_changes_only_its_part_of_the_command_line() -> None:
    plan = command_plan("pyscan -T4 -p 22 --ttl 9 --max-rate 50")
    assert changed(plan, replace(form_of(plan), timing=2)).command == (
        "pyscan -T2 -p 22 --ttl 9 --max-rate 50"
    )
    assert changed(plan, replace(form_of(plan), ports="", max_rate=" ")).command == (
        "pyscan -T4 --ttl 9"
    )
    assert changed(plan, replace(form_of(plan), ports="fast")).ports == "fast"
    alone = changed(plan, replace(form_of(plan), types=(ScanType.UDP,)))
    assert alone.command == "pyscan -sU -T4 -p 22 --ttl 9 --max-rate 50"
    assert changed(alone, replace(form_of(alone), types=())).command == plan.command


def test_what_does_not_go_with_a_choice_comes_back_with_another() -> None:
    plan = command_plan("pyscan -p 22")
    only = changed(plan, replace(form_of(plan), finding=Finding.ONLY))
    assert only.command == "pyscan -T3 -sn" and form_of(only).ports == ""
    assert changed(only, replace(form_of(only), finding=Finding.PING)).ports == "22"


@pytest.mark.parametrize("field", ["ports", "max_rate", "max_retries"])
@pytest.mark.parametrize("text", ["nonsense", "-x", "9" * 400, "1 2", "\0"])
def test_a_field_that_makes_no_sense_is_one_line(field: str, text: str) -> None:
    plan = command_plan("pyscan")
    with pytest.raises(ProfileError) as caught:
        changed(plan, replace(form_of(plan), **{field: text}))
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


def test_choices_have_what_is_chosen_now() -> None:
    odd = (ScanType.UDP, ScanType.SCTP_INIT)
    assert odd in type_choices(odd) and odd not in type_choices(())
    assert all(one != (ScanType.IDLE,) for one in type_choices(()))


FORMS = st.builds(
    Form,
    types=st.sampled_from(type_choices(())),
    ports=st.sampled_from(["", "22", "fast", "top50", "1-100,8080"]),
    timing=st.integers(0, 5),
    finding=st.sampled_from(list(Finding)),
    names=st.booleans(),
    max_rate=st.sampled_from(["", "5", "1e3"]),
    max_retries=st.sampled_from(["", "0", "7"]),
)


@given(FORMS)
def test_form_and_command_line_stay_in_step(wanted: Form) -> None:
    plan = command_plan("pyscan")
    try:
        made = changed(plan, wanted)
    except ProfileError:  # ports of a protocol the types do not probe, and the like
        return
    again = command_plan(made.command)
    assert again.command == made.command and form_of(again) == form_of(made)


@given(st.text(max_size=60))
def test_no_command_line_stops_the_program(text: str) -> None:
    try:
        plan = command_plan(text)
    except ProfileError as error:
        assert "\n" not in str(error)
    else:
        assert command_plan(plan.command).command == plan.command


# Use


def test_a_used_profile_keeps_targets_exclusions_and_the_lower_rate() -> None:
    from tui.__main__ import parser

    words = ["-sU", "-p", "53", "--exclude", "10.0.0.3", "--max-rate", "100"]
    words += ["--transport", "sockets", "10.0.0.1-9"]
    now = Plan(parser().read(words), (ScanType.SYN,))
    plan = used(Profile("x", "", "pyscan -T4 -F --exclude 10.0.0.4 --max-rate 500"), now)
    assert plan.command == (
        "pyscan -T4 -F --exclude 10.0.0.3 --exclude 10.0.0.4 --transport sockets "
        "--max-rate 100 10.0.0.1-9"
    )
    assert plan.scan_types == (ScanType.SYN,)
    assert used(Profile("x", "", "pyscan --max-rate 5"), now).args.max_rate == 5
