"""`launch help`: the help of a command, and what an error means, without a network."""

from __future__ import annotations

import click

from launcher.cli.explanation import body, read_explanations
from launcher.cli.options import SettingsCommand, UnknownCommandError, output_options
from launcher.cli.telling import document
from launcher.cli.usage import place
from launcher.errors import ExitCode, Problem, UsageError, nearest
from launcher.text import escape, wrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from launcher.cli.explanation import Example, Explanation
    from launcher.cli.invocation import Invocation
    from launcher.console import Console

_ERROR = "error"


@click.pass_context
def _run(ctx: click.Context, /, words: tuple[str, ...], as_json: bool) -> int:
    invocation: Invocation = ctx.obj
    console = invocation.out()
    if words[:1] != (_ERROR,):
        console.write(_help_of(ctx, words) + "\n")
    elif len(words) == 1:
        _list(console, as_json=as_json)
    elif len(words) == 2:
        found = find(words[1], invocation.argv)
        console.line(_json(found)) if as_json else _tell(found, console)
    else:
        raise click.UsageError("this takes the name of a command, or `error` and the name of an error", ctx)
    return ExitCode.STOPPED


command = SettingsCommand(
    "help",
    callback=_run,
    params=[
        click.Argument(["words"], nargs=-1, metavar="[COMMAND | error [SLUG]]"),
        *output_options(machine=True),
    ],
    add_help_option=False,
    help="""Show the help of a command, or explain an error.

    SLUG is the name in brackets at the beginning of an error. For error[unknown-key], `launch help error unknown-key`
    explains the error and shows an example and its correction. Without SLUG, all errors are listed.
    """,
)


def find(slug: str, argv: tuple[str, ...]) -> Explanation:
    """Return the explanation for a slug, also where it is written with its brackets; raise `UsageError` for no slug."""
    known = read_explanations()
    name = slug.partition("[")[2].partition("]")[0] or slug
    if name in known:
        return known[name]
    match = nearest(name, known)
    hint = f"did you mean `{match}`?" if match else "all of them: launch help error"
    raise UsageError(Problem("unknown-slug", f"there is no error called `{name}`", place(argv, slug), hint))


def _help_of(ctx: click.Context, words: tuple[str, ...]) -> str:
    launch = ctx.parent
    assert launch is not None
    assert isinstance(launch.command, click.Group)
    if not words:
        return launch.get_help()
    found = launch.command.get_command(launch, words[0])
    if found is None:
        raise UnknownCommandError(words[0], launch.command.list_commands(launch), ctx)
    with click.Context(found, parent=launch, info_name=words[0], terminal_width=launch.terminal_width) as inner:
        return found.get_help(inner)


def _list(console: Console, *, as_json: bool) -> None:
    known = read_explanations()
    if as_json:
        console.line(document(errors=list(known)))
        return
    console.lines(escape(line) for line in wrap(", ".join(known), console.look.width - 2))
    console.line()
    console.line(console.paint("faint", "What one of them means: launch help error SLUG"))


def _tell(found: Explanation, console: Console) -> None:
    console.line(console.paint("strong", f"error[{found.slug}]"))
    for text, code in body(found):
        console.line()
        console.lines(f"  {escape(line)}" for line in wrap(text, min(console.look.width, 90) - 2))
        if code:
            console.line()
            console.lines(f"      {escape(line)}".rstrip() for line in code)


def _json(found: Explanation) -> str:
    def tell(example: Example) -> dict[str, object]:
        return {"files": dict(example.files), "environ": dict(example.environ), "command": example.line}

    return document(slug=found.slug, text=found.text, wrong=tell(found.wrong), right=tell(found.right))
