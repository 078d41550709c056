"""The makers of network cards are known once their list has been unpacked beside the screen."""

from __future__ import annotations

import time

from tui.vendors import vendor_text

RASPBERRY = bytes.fromhex("b827eb010203")


def test_a_maker_is_named_as_soon_as_the_list_is_there() -> None:
    deadline = time.monotonic() + 20
    while not vendor_text(RASPBERRY):
        assert time.monotonic() < deadline, "the list was never unpacked"
        time.sleep(0.01)
    assert "Raspberry" in vendor_text(RASPBERRY)
    assert vendor_text(b"") == ""
