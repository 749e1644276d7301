"""`launch program FD`: what `launcher.run()` turns its process into. Unlisted: nobody types it.

The descriptor holds JSON: the program to run, and the call with its settings. They do not travel as arguments, which
every user of the machine could read.
"""

from __future__ import annotations

import json
import os

import click

from launcher.cli.commands.dev import start
from launcher.errors import Problem, UsageError
from launcher.plan import Program
from launcher.supervisor.child import Child

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from launcher.cli.invocation import Invocation
    from launcher.config.resolve import Request


@click.pass_context
def _run(ctx: click.Context, /, descriptor: int) -> int:
    invocation: Invocation = ctx.obj
    told = read_told(descriptor)
    child = Child(invocation.environ)
    try:
        program = Program(**{**told["program"], "argv": tuple(told["program"]["argv"])})
        return start(make_request(told, program, invocation), invocation, child, program)
    except BaseException:
        child.close()
        raise


command = click.Command(
    "program",
    callback=_run,
    params=[click.Argument(["descriptor"], type=int)],
    hidden=True,
    help="Serve a program that called launcher.run().",
)


def read_told(descriptor: int) -> dict[str, Any]:  # Any: JSON
    """Return what `launcher.run()` left in the file *descriptor*, and close it; raise `UsageError` for another file."""
    try:
        with os.fdopen(descriptor, "rb") as file:
            file.seek(0)
            told = json.loads(file.read())
        if {"program", "call", "profile"} <= set(told):
            found: dict[str, Any] = told
            return found
    except (OSError, ValueError, TypeError):
        pass
    hint = "in a program, call launcher.run(app)"
    raise UsageError(Problem("internal-command", "`launch program` is started by launcher.run() alone", None, hint))


def make_request(told: dict[str, Any], program: Program, invocation: Invocation) -> Request:  # Any: JSON
    """Return the request for a call; the project is looked for from the folder that the program is imported from."""
    from launcher.config.resolve import Request
    from launcher.config.sources.call import Call  # loads the schema, while the worker's interpreter boots

    folder = os.path.dirname(program.path)
    for _ in range(program.module.count(".")):
        folder = os.path.dirname(folder)
    return Request(
        cwd=folder,
        environ=invocation.environ,
        home=invocation.home,
        profile=told["profile"],
        call=Call(**told["call"]),
    )
