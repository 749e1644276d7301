"""docs/reference equals what the schema, the parser and the exit codes say."""

from __future__ import annotations

import pytest

from launcher.cli.flags import FLAGS
from launcher.config import schema
from tests.architecture import reference


@pytest.mark.parametrize("page", reference.PAGES)
def test_page_is_what_the_code_says(page):
    there = (reference.FOLDER / page).read_text(encoding="utf-8")
    assert there == reference.PAGES[page](), "to make it again: python -m tests.architecture.reference --write"


@pytest.mark.parametrize("row", schema.settings_table(), ids=lambda row: row.key)
def test_every_setting_is_on_the_pages(row):
    assert f"| `{row.key}` |" in reference.settings_page()
    assert not row.variable or f"| `{row.variable}` | `{row.key}` |" in reference.environment_page()


@pytest.mark.parametrize("flag", FLAGS, ids=lambda flag: flag.name)
def test_every_flag_is_on_the_page(flag):
    for name in (*flag.names, *flag.off):
        assert f"`{name}`" in reference.command_line_page()


def test_everything_that_run_simple_and_flask_run_can_be_told_has_a_place_here():
    here = {key for row in reference.run_simple_rows() for key in row[1].replace("`", "").split(", ")}
    here |= {key for row in reference.flask_rows() if row[2] for key in row[2].replace("`", "").split(", ")}
    assert here <= set(schema.by_key())
    assert {"app", "host", "port", "reload.enabled", "wsgi.passthrough-errors", "tls.adhoc"} <= here


def test_exit_codes_are_all_told():
    assert [
        row.split(" | ")[0] for row in reference.exit_codes_page().splitlines() if row[:3].strip("| ").isdigit()
    ] == [f"| {int(code)}" for code in reference.ExitCode]


def test_words_for_completion_are_what_the_code_says():
    assert reference.WORDS.read_text(encoding="utf-8") == reference.words_file()
