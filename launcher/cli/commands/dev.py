"""`launch dev`: resolve the profile, make the plan, serve.

The worker's interpreter is started first: it boots, and imports Werkzeug, while this process imports the schema and
makes the plan. That is why the imports of the configuration stand inside functions here.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace

import click

from launcher import __version__
from launcher.cli.options import (
    GroupedOption,
    SettingsCommand,
    flag_options,
    make_request,
    output_options,
    request_options,
)
from launcher.errors import StartError
from launcher.supervisor.child import INTERPRETER, Child, worker_environ

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from launcher.cli.invocation import Invocation
    from launcher.config.resolve import Request, ResolvedProfile
    from launcher.errors import Problem
    from launcher.plan import Plan, Program

_ADDRESS = {
    "port-in-use": "port",
    "port-denied": "port",
    "host-unknown": "host",
    "cannot-listen": "host",
    "socket-file": "host",
}
"""Which setting a problem with the address is about."""


@click.pass_context
def _run(ctx: click.Context, /, app: str | None, verbose: bool, timings: bool, **params: object) -> int:
    invocation: Invocation = ctx.obj
    child = Child(invocation.environ)
    try:
        return start(make_request(ctx, params, app), invocation, child, verbose=verbose, timings=timings)
    except BaseException:
        child.close()
        raise


command = SettingsCommand(
    "dev",
    callback=_run,
    params=[
        click.Argument(["app"], required=False, metavar="[APP]"),
        *flag_options(),
        *request_options(),
        GroupedOption(
            ["-v", "--verbose"], group="Output", is_flag=True, help="Show why a file did or did not reload the app."
        ),
        GroupedOption(["--timings"], group="Output", is_flag=True, help="Show where the time of each reload went."),
        *output_options(machine=False),
    ],
    add_help_option=False,
    help="""Serve the app, and reload it when its files change.

    APP is the app to import: module:name, path/to/file.py:name, or module:factory('x'). Without APP, the settings name
    the app. If they do not, launch finds the app as `flask run` does.
    """,
)


def start(
    request: Request,
    invocation: Invocation,
    child: Child,
    program: Program | None = None,
    *,
    verbose: bool = False,
    timings: bool = False,
) -> int:
    """Serve until told to stop, and return the exit code. Takes over *child*, a worker that was just started.

    *program* is the one that called `launcher.run()`.

    Raises `LaunchError` when the settings are wrong or the address cannot be bound.
    """
    from launcher.config.resolve import resolve_profile
    from launcher.planner import build_plan
    from launcher.redact import is_secret

    pin, token = make_pin(), os.urandom(16).hex()

    secrets = tuple(name for name, text in invocation.environ.items() if is_secret(name, text))

    def replan() -> Plan:
        return build_plan(resolve_profile(request), pin=pin, token=token, program=program, secrets=secrets)

    resolved = resolve_profile(request)
    plan = build_plan(resolved, pin=pin, token=token, program=program, secrets=secrets)
    from launcher.supervisor.report import Report
    from launcher.supervisor.run import Supervisor

    report = Report(invocation.err(drops=False), __version__, plan.project, verbose=verbose, timings=timings)
    report.problems(resolved.warnings)
    if needs_other_interpreter(plan, invocation.environ):
        child.close()
        child = Child(worker_environ(invocation.environ, plan))
    begun = time.monotonic() - process_age()
    supervisor = Supervisor(plan, child, replan=replan, report=report, environ=invocation.environ, begun=begun)
    try:
        return supervisor.run()
    except StartError as error:
        raise StartError([with_origin(problem, resolved) for problem in error.problems]) from error


def with_origin(problem: Problem, resolved: ResolvedProfile) -> Problem:
    """Return a problem with the address as one that shows the setting which says it, or that no setting does."""
    key = _ADDRESS.get(problem.slug)
    if key is None or problem.place is not None:
        return problem
    if key == "port" and resolved.settings.host.startswith("unix:"):
        key = "host"
    place = resolved.place(key)
    if place is None or not place.text:
        value = getattr(resolved.settings, key)
        return replace(problem, notes=(*problem.notes, f"no setting says `{key}`; {value} is the default"))
    hint, *notes = problem.notes or ("",)
    return replace(problem, place=place, hint=problem.hint or hint, notes=tuple(notes))


def make_pin() -> str:
    """Return a PIN for this run, from the system's random source: nine digits in groups of three."""
    digits = f"{int.from_bytes(os.urandom(8), 'big') % 10**9:09}"
    return "-".join((digits[:3], digits[3:6], digits[6:]))


def needs_other_interpreter(plan: Plan, environ: Mapping[str, str]) -> bool:
    """Return whether the plan sets what the worker's interpreter has already read: `PYTHON*`, or the loader's."""
    names = {name for name in plan.env if name.startswith(INTERPRETER) and plan.env[name] != environ.get(name)}
    return bool(names) or any(name.startswith(INTERPRETER) and name in environ for name in plan.unset_env)


def process_age() -> float:
    """Return for how many seconds this process has existed; where the system does not tell, for how long it has run."""
    try:
        with open("/proc/self/stat", "rb") as file:
            ticks = int(file.read().rpartition(b")")[2].split()[19])
        return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK"))
    except (OSError, AttributeError, ValueError):
        return time.process_time()
