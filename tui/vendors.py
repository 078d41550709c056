"""Who made a network card, for the screen: the list is unpacked beside it, which takes 0.1 s.

The engine is loaded when first needed: the first picture does without it.
"""

from __future__ import annotations

import threading
from functools import cache

_READY = threading.Event()
_SOMEBODY = bytes.fromhex("b827eb000000")


def vendor_text(hardware: bytes) -> str:
    """The maker's name; empty when it is unknown, and until the list has been unpacked."""
    if not hardware:
        return ""
    if not _READY.is_set():
        _begin()
        return ""
    from engine.session import hardware_vendor

    return hardware_vendor(hardware)


@cache
def _begin() -> None:
    """Unpack the list, once."""
    threading.Thread(target=_unpack, name="vendors", daemon=True).start()


def _unpack() -> None:
    from engine.session import hardware_vendor

    hardware_vendor(_SOMEBODY)
    _READY.set()
