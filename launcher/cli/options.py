"""The parser's options: those made from the table of flags, and those that every command has.

click is used as a parser only: no defaults, no variables, no types of settings. What was typed becomes a `Request`,
with the flags in the order in which they were typed.
"""

from __future__ import annotations

import os

import click

from launcher.cli.flags import FLAGS
from launcher.console import COLOR_CHOICES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from launcher.cli.flags import Flag
    from launcher.cli.invocation import Invocation
    from launcher.config.resolve import Given, Request

CHOICE, OUTPUT = "Which settings", "Output"
Typed = tuple[str, str, str]  # key, flag, text


class UnknownCommandError(click.UsageError):
    """The first argument is no command; `known` are those that there are."""

    def __init__(self, name: str, known: Sequence[str], ctx: click.Context) -> None:
        super().__init__("unknown command", ctx)
        self.name = name
        self.known = tuple(known)


class SurplusArgumentError(click.UsageError):
    """There are more arguments than the command has room for."""

    def __init__(self, words: Sequence[str], ctx: click.Context) -> None:
        super().__init__("surplus argument", ctx)
        self.words = tuple(words)


class AppTwiceError(click.UsageError):
    """The app is named by the argument and by a flag."""

    def __init__(self, app: str, ctx: click.Context) -> None:
        super().__init__("app named twice", ctx)
        self.app = app


class RepeatedError(click.UsageError):
    """A flag that takes one value is given more than once."""

    def __init__(self, flag: str, ctx: click.Context) -> None:
        super().__init__("flag given twice", ctx)
        self.flag = flag


class GroupedOption(click.Option):
    """An option that is listed under a heading of the help."""

    def __init__(self, names: Sequence[str], *, group: str, **settings: Any) -> None:  # Any: as click's Option
        super().__init__(names, **settings)
        self.group = group


class FlagOption(GroupedOption):
    """An option for one row of the table of flags. The parser keeps every occurrence; see `typed`."""

    def __init__(self, flag: Flag) -> None:
        super().__init__(list(flag.names), group=flag.group, expose_value=False)
        self.flag = flag
        self.secondary_opts = list(flag.off)
        self.name = flag.name

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:  # Any: click's parser is private
        """Have the parser collect values, and for a switch the spelling that was typed."""
        if self.flag.takes_value:
            parser.add_option(obj=self, opts=self.opts, dest=self.name, action="append")
            return
        for spelling in (*self.opts, *self.secondary_opts):
            parser.add_option(obj=self, opts=[spelling], dest=self.name, action="append_const", const=spelling)

    def handle_parse_result(
        self,
        ctx: click.Context,
        opts: Mapping[str, Any],
        args: list[str],  # Any: as click has it
    ) -> tuple[Any, list[str]]:
        """Do nothing: `typed` has taken what was given, and there is no default to fill in."""
        return None, args

    def get_help_record(self, ctx: click.Context) -> tuple[str, str]:
        """Return the spellings and the schema's help."""
        from launcher.config.schema import by_key  # loads pydantic; needed only to print this help

        setting = by_key()[self.flag.key]
        left = ", ".join(self.opts) + "".join(f" / {name}" for name in self.secondary_opts)
        if self.flag.text:
            return left, f"The same as `--{self.flag.key} {self.flag.text}`."
        if self.flag.takes_value:
            left += f" {_metavar(setting.kinds, setting.choices)}"
        default = f" Default: {setting.default}." if setting.default and self.flag.takes_value else ""
        return left, setting.help + ("" if isinstance(setting.default, (bool, tuple)) else default)

    def texts(self, value: str) -> Iterator[Typed]:
        """Yield the key, the flag and the text for one occurrence of the flag."""
        flag = self.flag
        if flag.off:
            yield flag.key, value, "false" if value in flag.off else "true"
        elif flag.text:
            yield flag.key, value, flag.text
        elif word := next((word for word in flag.words if word[0] == value), None):
            yield word[1], flag.name, word[2]
        else:
            for part in value.split(os.pathsep) if flag.separated else [value]:
                yield flag.key, flag.name, part


class SettingsCommand(click.Command):
    """A command whose options say which settings are read, or set some of them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; leave the flags as typed in `ctx.meta`. Raises the errors above, and click's usage errors."""
        opts, _, order = self.make_parser(ctx).parse_args(args=list(args))
        if not ctx.resilient_parsing:
            _refuse_repeated(order, ctx)
        ctx.meta[_META] = typed(opts, [param for param in order if isinstance(param, FlagOption)])
        ctx.allow_extra_args = True
        if (rest := super().parse_args(ctx, args)) and not ctx.resilient_parsing:
            raise SurplusArgumentError(rest, ctx)
        return rest

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under their headings, in the order of their declaration."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            if isinstance(param, GroupedOption) and (record := param.get_help_record(ctx)):
                groups.setdefault(param.group, []).append(record)
        for title, records in groups.items():
            with formatter.section(title):
                formatter.write_dl(records)


_META = "launcher.typed"
_ONCE = ("--profile", "--config")


def _refuse_repeated(order: Sequence[click.Parameter], ctx: click.Context) -> None:
    given = [flag for param in order for flag in param.opts if flag in _ONCE]
    if repeated := next((flag for flag in given if given.count(flag) > 1), None):
        raise RepeatedError(repeated, ctx)


def typed(opts: Mapping[str, Any], order: Sequence[FlagOption]) -> list[Typed]:  # Any: the parser's lists
    """Return what the flags set, in typing order."""
    seen: dict[FlagOption, int] = {}
    found: list[Typed] = []
    for option in order:
        number = seen[option] = seen.get(option, -1) + 1
        found += option.texts(opts[option.name][number])
    return found


def flag_options() -> list[click.Parameter]:
    """Return an option for every row of the table of flags."""
    return [FlagOption(flag) for flag in FLAGS]


def request_options() -> list[click.Parameter]:
    """Return the options that say which settings are read."""
    return [
        GroupedOption(["--profile"], group=CHOICE, metavar="NAME", help="Use this profile."),
        GroupedOption(
            ["--set", "sets"], group=CHOICE, multiple=True, metavar="KEY=TOML", help="Set any key. Can be repeated."
        ),
        GroupedOption(
            ["--unset", "unsets"], group=CHOICE, multiple=True, metavar="KEY", help="Remove the value of a key."
        ),
        GroupedOption(["--config"], group=CHOICE, metavar="FILE", help="Read this file instead of devserver.toml."),
        GroupedOption(["--no-local"], group=CHOICE, is_flag=True, help="Ignore devserver.local.toml."),
        GroupedOption(["--no-env-file"], group=CHOICE, is_flag=True, help="Ignore the .env files."),
        GroupedOption(
            ["--isolated"], group=CHOICE, is_flag=True, help="Ignore all files and variables. Use only flags."
        ),
    ]


def output_options(*, machine: bool) -> list[click.Parameter]:
    """Return the options about what is printed; with `--json` for a command that a program would read."""
    options: list[click.Parameter] = []
    if machine:
        options.append(GroupedOption(["--json", "as_json"], group=OUTPUT, is_flag=True, help="Print JSON."))
    return [*options, color_option(), help_option()]


def color_option() -> click.Option:
    """Return `--color`. Its value was read before the parser ran (`Invocation.color`); here it is only checked."""
    return GroupedOption(
        ["--color"],
        group=OUTPUT,
        type=click.Choice(COLOR_CHOICES),
        expose_value=False,
        help="Colour the output. `auto` detects a terminal.",
    )


def help_option() -> click.Option:
    """Return `-h` and `--help`."""
    return GroupedOption(
        ["-h", "--help"],
        group=OUTPUT,
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_help,
        help="Show this help.",
    )


def _help(ctx: click.Context, param: click.Parameter, value: object) -> None:
    if value and not ctx.resilient_parsing:
        invocation: Invocation = ctx.obj
        invocation.out().write(ctx.get_help() + "\n")
        ctx.exit()


def make_request(
    ctx: click.Context,
    params: Mapping[str, Any],
    app: str | None = None,  # Any: as click has it
) -> Request:
    """Return the request for what was typed; raise `AppTwiceError` where both *app*, the argument, and `--app` were."""
    from launcher.config.resolve import Given, Request  # loads the schema, which a command's --help can do without

    invocation: Invocation = ctx.obj
    flags: list[Given] = [Given(*item) for item in ctx.meta[_META]]
    if app is not None:
        if any(flag.key == "app" for flag in flags):
            raise AppTwiceError(app, ctx)
        flags.append(Given("app", "APP", app))
    return Request(
        cwd=invocation.cwd,
        environ=invocation.environ,
        home=invocation.home,
        flags=tuple(flags),
        sets=tuple(params["sets"]),
        unsets=tuple(params["unsets"]),
        profile=params["profile"],
        config=params["config"],
        local=not params["no_local"],
        env_files=not params["no_env_file"],
        isolated=params["isolated"],
    )


def _metavar(kinds: Sequence[str], choices: Sequence[str]) -> str:
    number = ["NUMBER"] if set(kinds) & {"number", "decimal"} else []
    return "|".join([*number, *choices]) or "TEXT"
