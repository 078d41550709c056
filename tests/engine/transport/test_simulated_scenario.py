"""Scenario files: what they mean, and one clear line for what they cannot mean."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.spec.error import SpecError
from engine.spec.scan_type import Protocol
from engine.techniques.answer import split_answer
from engine.transport.scenario import ICMP_REASONS, SILENCE, load_scenario

FULL = """
seed = 7
[[host]]
address = "10.0.0.1-40"
delay = 0.02
jitter = 0.002
loss = 0.05
queue = 100
rate = 2000
rst_rate = 150
icmp_rate = 1
ttl = 61
burst = 0.3
pause = "2-7, 20-25.5"
hold = "30-31"
down = "40-60"
[host.tcp]
open = "22,80,443"
filtered = "1-20"
admin-prohibited = "135-139"
default = "closed"
[host.udp]
open = "53"
default = "filtered"
"""


def test_every_figure_arrives() -> None:
    scenario = load_scenario(FULL)
    (profile,) = scenario.profiles
    assert scenario.seed == 7 and profile.hosts.count == 40
    assert (profile.delay, profile.jitter, profile.loss) == (0.02, 0.002, 0.05)
    assert (profile.queue, profile.rate) == (100, 2000)
    assert profile.burst == 0.3
    times = np.array([1.9, 2.0, 6.9, 7.0, 25.4, 30.5, 50.0])
    assert profile.pause.cover(times).tolist() == [False, True, True, False, True, False, False]
    assert profile.hold.cover(times).tolist() == [False] * 5 + [True, False]
    assert profile.down.cover(times).tolist() == [False] * 6 + [True]
    assert (profile.rst_rate, profile.icmp_rate, profile.ttl) == (150, 1, 61)


def test_ports_behave_as_written() -> None:
    answers = load_scenario(FULL).profiles[0].answers
    tcp, udp = answers[Protocol.TCP], answers[Protocol.UDP]
    assert len({int(tcp[port]) for port in (22, 80, 443)}) == 1
    assert all(tcp[port] == SILENCE for port in range(1, 21))
    assert tcp[21] not in (SILENCE, tcp[22])
    assert split_answer(int(tcp[135]))[1:] == (ICMP_REASONS["admin-prohibited"], False)
    assert udp[53] != SILENCE and udp[54] == SILENCE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a=" + "[" * 100_000, "nested too deeply"),
        ("x" * 2_000_000, "longer than"),
        ("\x00", "not TOML"),
        ("hosts = 1", "not known in the scenario"),
        ("host = 1", r"\[\[host\]\]"),
        ("[host]\naddress='10.0.0.1'", r"\[\[host\]\]"),
        ("seed = inf", "inf"),
        ("seed = nan", "nan"),
        ("seed = true", "True"),
        ("seed = -1", "-1"),
        ("[[host]]", "addresses, not names"),
        ("[[host]]\naddress = 'a.example'", "addresses, not names"),
        ("[[host]]\naddress = '10.0.0.300'", "300"),
        ("[[host]]\naddress = '10.0.0.1'\nspeed = 1", "not known in a"),
        ("[[host]]\naddress = '10.0.0.1'\ndelay = 'long'", "delay"),
        ("[[host]]\naddress = '10.0.0.1'\nburst = 0.0001", "burst"),
        ("[[host]]\naddress = '10.0.0.1'\npause = 3", "no list of spans"),
        ("[[host]]\naddress = '10.0.0.1'\npause = '3'", "no such span"),
        ("[[host]]\naddress = '10.0.0.1'\ndown = '5-3'", "no such span"),
        ("[[host]]\naddress = '10.0.0.1'\ndown = '1-3,2-4'", "no such span"),
        ("[[host]]\naddress = '10.0.0.1'\nhold = '1-99999999'", "no such span"),
        ("[[host]]\naddress = '10.0.0.1'\nhold = '1e3-2e3'", "no such span"),
        (f"[[host]]\naddress = '10.0.0.1'\nhold = '{'1-2,' * 9999}'", "no list of spans"),
        (
            "[[host]]\naddress = '10.0.0.1'\nhold = '"
            + ",".join(f"{n}.1-{n}.2" for n in range(99))
            + "'",
            "more than 64",
        ),
        ("[[host]]\naddress = '10.0.0.1'\ntcp = 3", "table of port lists"),
        ("[[host]]\naddress = '10.0.0.1'\n[host.tcp]\nopened = '1'", "not a port behaviour"),
        ("[[host]]\naddress = '10.0.0.1'\n[host.tcp]\nopen = '9-1'", "backwards"),
    ],
)
def test_mistakes_are_named_in_one_line(text: str, said: str) -> None:
    with pytest.raises(SpecError, match=said) as caught:
        load_scenario(text)
    assert "\n" not in caught.value.line and "\x1b" not in caught.value.line


WORDS = st.sampled_from(
    [
        "[[host]]",
        "[host.tcp]",
        "address",
        "=",
        "'10.0.0.1'",
        "loss",
        "pause",
        "'1-2'",
        "open",
        "1",
        "\n",
        "{",
        "]",
    ]
)


@settings(max_examples=150, derandomize=True)
@given(st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=20).map(" ".join)))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        load_scenario(text)
    except SpecError as error:
        assert error.line
