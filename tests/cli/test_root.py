"""The command that chooses the others: its help, and theirs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click
import pytest

from launcher.cli import root

if TYPE_CHECKING:
    from tests.cli.conftest import Project


def test_launch_alone_shows_the_help(project: Project) -> None:
    assert project.launch() == project.launch("--help") == project.launch("-h")
    assert project.launch().code == 0
    assert project.launch().out.startswith("Usage: launch COMMAND")


def test_help_names_every_command_and_fits_eighty_columns(project: Project) -> None:
    text = project.launch("--help").out
    assert all(f"\n  {name} " in text for name in root.command_names())
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("name", root.command_names())
def test_every_command_has_a_module_and_a_complete_help(project: Project, name: str) -> None:
    ran = project.launch(name, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Usage: launch {name} ")
    assert max(map(len, ran.out.splitlines())) <= 80
    ctx = click.Context(root.root())
    command = root.root().get_command(ctx, name)
    assert command is not None
    options = [
        spelling
        for param in command.params
        if isinstance(param, click.Option)
        for spelling in (*param.opts, *param.secondary_opts)
    ]
    assert "--help" in options
    assert [spelling for spelling in options if spelling not in ran.out] == []
    assert re.findall(r"^  (-\S+(?:, -\S+)?)\s*$", ran.out, re.MULTILINE) == []  # no flag without a help text
