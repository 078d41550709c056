"""One lab per test process: it is built at first use and gone when the process is done."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.hosts import PLANS
from tests.lab.network import Lab


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    with Lab() as built:
        built.add_all(PLANS)
        yield built
