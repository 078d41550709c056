from __future__ import annotations

import io
import subprocess
import sys

import pytest

from engine.formats.registry import EXPORT_FORMATS
from engine.results.report import ScanReport


@pytest.mark.parametrize("name", list(EXPORT_FORMATS))
def test_every_format_writes_a_report(name: str, mixed: ScanReport) -> None:
    export = EXPORT_FORMATS[name]
    stream = io.BytesIO()
    export.write(mixed, stream)
    assert export.name == name
    assert export.suffix.startswith(".")
    assert b"10.0.0.1" in stream.getvalue()
    assert stream.getvalue().endswith(b"\n")


def test_the_json_document_is_loaded_only_for_json() -> None:
    code = (
        "import sys, engine.formats.registry, engine.formats.normal_text, engine.formats.nmap_xml\n"
        "sys.exit('engine.formats.records' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
