"""docs/command-line.md says what the parser says."""

from __future__ import annotations

from docs.make_command_line import PAGE, page
from engine.cli.options import pyscan_parser


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "run docs/make_command_line.py"


def test_every_option_has_a_line_on_the_page_and_in_the_help() -> None:
    parser = pyscan_parser()
    text, table = parser.format_help(), page()
    for option in parser._option_string_actions:
        assert option in text
        assert f"`{option}" in table or f", {option}" in table


def test_ports_of_pings_are_shown_glued() -> None:
    assert "-PS[LIST] " in pyscan_parser().format_help()
