"""The formats a report can be written in. A new one is a file beside this one and a row here.

Writers are imported when they are used: a scan that prints text never loads the JSON library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, cast

from msgspec import Struct

from engine.formats.atomic import write_atomically
from engine.formats.style import PLAIN, Style
from engine.results.report import ScanReport

Writer = Callable[[ScanReport, BinaryIO, Style], None]
"""Writes a report into a binary stream; raises only what the stream raises."""


class ExportFormat(Struct, frozen=True):
    """One format.

    Attributes:
        name: the word programs use.
        title: name for people.
        suffix: usual end of a file's name.
        module, function: where the writer is, in this package.
    """

    name: str
    title: str
    suffix: str
    module: str
    function: str

    def load(self) -> Writer:
        """The writer, imported if it was not."""
        return cast(
            "Writer", getattr(import_module(f"engine.formats.{self.module}"), self.function)
        )

    def write(self, report: ScanReport, stream: BinaryIO, style: Style = PLAIN) -> None:
        """Write ``report`` into ``stream``; raises only what the stream raises."""
        self.load()(report, stream, style)


EXPORT_FORMATS: Mapping[str, ExportFormat] = MappingProxyType(
    {
        export.name: export
        for export in (
            ExportFormat("json", "JSON", ".json", "json_document", "write_json"),
            ExportFormat("jsonl", "JSON lines", ".jsonl", "json_lines", "write_json_lines"),
            ExportFormat("xml", "nmap XML", ".xml", "nmap_xml", "write_xml"),
            ExportFormat("text", "Text", ".txt", "normal_text", "write_text"),
        )
    }
)
"""The formats by name."""


def export(report: ScanReport, format_name: str, path: Path) -> None:
    """Write a report to ``path`` atomically. Raises OSError, KeyError for an unknown format."""
    chosen = EXPORT_FORMATS[format_name]
    write_atomically(path, lambda stream: chosen.write(report, stream))
