"""Makers of network cards: the right one, and none where an address names none."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.libs.manuf import DATA

from engine.host.vendors import vendor
from engine.sanitize import clean


@pytest.mark.parametrize(
    ("address", "maker"),
    [
        ("00:00:0c:11:22:33", "Cisco Systems, Inc"),
        ("b8:27:eb:00:00:01", "Raspberry Pi Foundation"),
        ("00:1b:c5:00:01:23", "Converging Systems Inc."),
        ("00:1b:c5:00:11:23", "OpenRB.com, Direct SIA"),
        ("00:00:00:12:34:56", ""),
        ("52:54:00:12:34:56", ""),
        ("02:00:0c:11:22:33", ""),
        ("01:00:0c:cc:cc:cc", ""),
        ("ff:ff:ff:ff:ff:ff", ""),
        ("fc:ff:ff:00:00:00", ""),
    ],
)
def test_makers(address: str, maker: str) -> None:
    assert vendor(bytes.fromhex(address.replace(":", ""))) == maker


def test_every_kind_of_block_is_found() -> None:
    for line in random.Random(3).sample(DATA.splitlines()[1:], 200):
        prefix, _short, maker = line.split("\t")
        digits = prefix.partition("/")[0].strip().replace(":", "")
        address = bytes.fromhex(digits).ljust(6, b"\0")
        known = not address[0] & 3 and any(address[:3])
        assert vendor(address) == (clean(maker.strip(), 60) if known else "")


@settings(deadline=None)
@given(st.binary(max_size=32))
def test_no_address_breaks_it(hardware: bytes) -> None:
    name = vendor(hardware)
    assert len(name) <= 60
    assert name == "" or len(hardware) == 6


def test_the_list_is_loaded_only_when_it_is_needed() -> None:
    code = (
        "import sys, engine.host.vendors as v; assert 'scapy' not in sys.modules; "
        "v.vendor(bytes.fromhex('00000c000000')); assert 'scapy.data' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
