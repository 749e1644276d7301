"""A command line that makes no sense, in the frame of a settings file: the line, the caret, the nearest right word.

Imported by `main.py` when there is something to explain.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

import click

from launcher.cli.explanation import read_explanations
from launcher.cli.flags import FLAGS
from launcher.cli.options import AppTwiceError, RepeatedError, SurplusArgumentError, UnknownCommandError
from launcher.console import color_choices
from launcher.errors import Place, Problem, UsageError, nearest
from launcher.redact import MASK, is_secret_key, is_secret_name, mask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from launcher.cli.invocation import Invocation

LINE = "command line"
_ASSIGNMENT = re.compile(r"(?:--[\w-]+=)?(?P<key>[\w.\"'-]+)(?:\s*=|\s)(?P<text>.+)", re.DOTALL)
"""KEY=VALUE, alone or behind a flag, in the spelling of --set or not quite."""

_OLD_NAMES = {"run": "dev", "serve": "dev", "start": "dev", "runserver": "dev", "config": "explain", "show": "explain"}


def explain(error: click.ClickException, invocation: Invocation) -> Problem:
    """Return the problem for an error of the parser, with nothing secret in it."""
    return _without_secrets(_explain(error, invocation.argv), invocation.argv)


def _explain(error: click.ClickException, argv: Sequence[str]) -> Problem:
    if isinstance(error, UnknownCommandError):
        return _unknown_command(error, argv)
    if isinstance(error, click.NoSuchOption):
        return _unknown_flag(error, argv)
    if isinstance(error, click.BadOptionUsage):
        return _option_usage(error, argv)
    if isinstance(error, SurplusArgumentError):
        message = f"there is no place for `{error.words[0]}`"
        return Problem("surplus-argument", message, place(argv, error.words[0]), _synopsis(error.ctx))
    if isinstance(error, AppTwiceError):
        return Problem("app-twice", "the app is named twice", place(argv, error.app), "leave out this, or --app")
    if isinstance(error, RepeatedError):
        message = f"{error.flag} is given more than once"
        return Problem("flag-twice", message, place(argv, error.flag), "keep one of them")
    if isinstance(error, click.MissingParameter):
        name = (error.param.human_readable_name if error.param else "an argument").upper()
        return Problem("missing-argument", f"{name} is missing", _end(argv), _synopsis(error.ctx))
    if isinstance(error, click.BadParameter) and isinstance(getattr(error.param, "type", None), click.Choice):
        return _bad_choice(error, argv)
    return Problem("usage", error.format_message(), _end(argv), _synopsis(getattr(error, "ctx", None)))


def no_folder() -> UsageError:
    """Return the error for a current directory that has been deleted."""
    return UsageError(Problem("no-folder", "the current directory does not exist any more", None, "go to another: cd"))


def bad_color(word: str) -> UsageError:
    """Return the error for a LAUNCH_COLOR that says nothing."""
    word = mask(word)
    text = f"LAUNCH_COLOR={word}"
    where = Place("environment", 0, len("LAUNCH_COLOR=") + 1, text, len(word))
    hint = _choose(word, color_choices(variable=True), color_choices(variable=False))
    return UsageError(Problem("bad-choice", "LAUNCH_COLOR has to say when to colour", where, hint))


def on_command_line(problem: Problem, argv: Sequence[str]) -> Problem:
    """Return a problem with the value of a flag as one that shows the whole command line, if it is found there.

    What is secret on the command line is taken out of the problem.
    """
    return _without_secrets(_located(problem, argv), argv)


def _without_secrets(problem: Problem, argv: Sequence[str]) -> Problem:
    words = [(word, _masked(argv, number)) for number, word in enumerate(argv) if _masked(argv, number) != word]

    def clean(text: str) -> str:
        for word, masked in words:
            text = text.replace(word, masked)
        return mask(text)

    spot = problem.place and replace(problem.place, text=clean(problem.place.text))
    return replace(problem, message=clean(problem.message), hint=clean(problem.hint), place=spot)


def _located(problem: Problem, argv: Sequence[str]) -> Problem:
    spot = problem.place
    if spot is None or spot.file != LINE or spot.text.startswith("launch "):
        return problem
    flag, _, value = spot.text.partition(" ")
    words = [_masked(argv, number) for number in range(len(argv))]
    column = len("launch ") + 1
    for before, word in zip(("", *words), words, strict=False):
        joined = word == f"{flag}={value}"
        alone = word == value and (before == flag or flag not in words)
        if "'" not in word and (joined or alone):
            inside = spot.column - len(flag) - 2 if spot.column > 1 else 0
            start = column + (shlex.quote(word) != word) + (len(flag) + 1 if joined else 0) + inside
            length = spot.length if spot.column > 1 else len(value)
            return replace(problem, place=Place(LINE, 0, start, _text(words), length))
        column += len(shlex.quote(word)) + 1
    return problem


def place(argv: Sequence[str], word: str, *, value: bool = False) -> Place:
    """Return the place of a word on the command line: an argument, or the part of one that begins with it.

    With *value*, of the value that follows the flag *word*.
    """
    words = [_masked(argv, number) for number in range(len(argv))]
    column = len("launch ") + 1
    for number, raw in enumerate(argv):
        quoted = shlex.quote(words[number])
        name, equals, rest = raw.partition("=")
        if raw == word and not value:
            return Place(LINE, 0, column, _text(words), len(quoted))
        if value and raw == word and number + 1 < len(words):
            return Place(LINE, 0, column + len(quoted) + 1, _text(words), len(shlex.quote(words[number + 1])))
        if equals and name == word:
            skip = len(name) + 1 if value else 0
            return Place(LINE, 0, column + skip, _text(words), max(len(rest if value else name), 1))
        if not value and len(word) == 2 and raw[:1] == "-" != raw[1:2] and word[1] in raw:  # -xyz, of which -y is wrong
            return Place(LINE, 0, column + raw.index(word[1]), _text(words), 1)
        column += len(quoted) + 1
    return _end(argv)


def _end(argv: Sequence[str]) -> Place:
    text = _text([_masked(argv, number) for number in range(len(argv))])
    return Place(LINE, 0, len(text) + 2, text, 1)


def _text(words: Sequence[str]) -> str:
    return " ".join(["launch", *map(shlex.quote, words)])


def _masked(argv: Sequence[str], number: int) -> str:
    """Return an argument with the value of a secret taken out: one that is assigned, or follows a flag called so."""
    word = argv[number]
    before = argv[number - 1] if number else ""
    if before.startswith("-") and "=" not in before and not word.startswith("-") and _is_secret_flag(before):
        return MASK
    found = _ASSIGNMENT.fullmatch(word)
    if found and (is_secret_key(found["key"]) or _is_secret_flag(found["key"])):
        return word[: found.start("text")] + MASK
    return mask(word)


def _is_secret_flag(name: str) -> bool:
    """Return whether a flag is called like a secret, or was probably meant to be one that is."""
    if not name.startswith("--") or name == "--key":
        return False
    meant = nearest(name, [spelling for flag in FLAGS for spelling in flag.names])
    return is_secret_name(name.lstrip("-")) or (
        meant is not None and is_secret_name(meant.lstrip("-")) and meant != "--key"
    )


def _unknown_command(error: UnknownCommandError, argv: Sequence[str]) -> Problem:
    name = error.name
    where = place(argv, name)
    if match := _OLD_NAMES.get(nearest(name, _OLD_NAMES) or "") or nearest(name, error.known):
        hint = f"did you mean `launch {match}`?"
    elif ":" in name or name.endswith(".py"):
        hint = f"to serve it: launch dev {shlex.quote(name)}"
    elif name in read_explanations():
        hint = f"it is an error: launch help error {name}"
    else:
        hint = "all commands: launch --help"
    return Problem("unknown-command", f"`{name}` is not a command", where, hint)


def _unknown_flag(error: click.NoSuchOption, argv: Sequence[str]) -> Problem:
    name, ctx = error.option_name, error.ctx
    command = ctx.command_path if ctx else "launch"
    known = [spelling for param in (ctx.command.get_params(ctx) if ctx else []) for spelling in _spellings(param)]
    others = [spelling for flag in FLAGS for spelling in (*flag.names, *flag.off)]
    if name in others and "--set" in known:
        hint = f"here, write --set {_key(name)}=..."
    elif name in others:
        hint = (
            f"flags come after the command: launch dev {name}"
            if ctx and ctx.parent is None
            else "it is a flag of launch dev"
        )
    elif match := nearest(name, [spelling for spelling in known if spelling.startswith("--")]):
        hint = f"did you mean `{match}`?"
    elif (match := nearest(name, [spelling for spelling in others if spelling.startswith("--")])) and "--set" in known:
        hint = f"did you mean `{match}`? here, write --set {_key(match)}=..."
    else:
        hint = f"all flags: {command} --help"
    return Problem("unknown-flag", f"`{command}` has no flag `{name}`", place(argv, name), hint)


def _option_usage(error: click.BadOptionUsage, argv: Sequence[str]) -> Problem:
    name = error.option_name
    flag = next((flag for flag in FLAGS if name in (*flag.names, *flag.off)), None)
    where = place(argv, name)
    typed = next((word for word in argv if word.startswith(f"{name}=")), "")
    if typed:
        hint = f"to switch it off: {flag.off[0]}" if flag and flag.off and name in flag.names else f"write {name} alone"
        return Problem("surplus-value", f"`{name}` takes no value", place(argv, name, value=True), hint)
    return Problem("missing-value", f"`{name}` needs a value", where, f"write {name} VALUE")


def _bad_choice(error: click.BadParameter, argv: Sequence[str]) -> Problem:
    param = error.param
    assert param is not None
    assert isinstance(param.type, click.Choice)
    names = _spellings(param)
    where = next((spot for name in names if (spot := place(argv, name, value=True)) != _end(argv)), _end(argv))
    word = where.text[where.column - 1 : where.column - 1 + where.length]
    choices = [str(choice) for choice in param.type.choices]
    return Problem("bad-choice", f"`{names[0]}` cannot be `{word}`", where, _choose(word, choices, choices))


def _choose(word: str, known: Sequence[str], listed: Sequence[str]) -> str:
    match = nearest(word, known)
    return (f"did you mean `{match}`? " if match else "") + f"one of: {', '.join(listed)}"


def _spellings(param: click.Parameter) -> list[str]:
    return [*param.opts, *param.secondary_opts] if isinstance(param, click.Option) else []


def _key(name: str) -> str:
    return next(flag.key for flag in FLAGS if name in (*flag.names, *flag.off))


def _synopsis(ctx: click.Context | None) -> str:
    if ctx is None:
        return "all commands: launch --help"
    return " ".join([ctx.command_path, *ctx.command.collect_usage_pieces(ctx)]).replace("[OPTIONS] ", "").strip()
