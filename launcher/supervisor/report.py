"""What the running server tells the user: one function per occasion, named like the `Say` actions of `state.py`."""

from __future__ import annotations

import os

from launcher.console import duration
from launcher.frame import plural
from launcher.text import escape, wrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from launcher.console import Console
    from launcher.errors import LaunchError, Problem
    from launcher.plan import Plan

_SHOWN_FILES = 3
_PRODUCTION = ("DYNO", "KUBERNETES_SERVICE_HOST", "AWS_LAMBDA_FUNCTION_NAME", "K_SERVICE")
"""What Heroku, Kubernetes, AWS Lambda and Cloud Run set in the processes that they run."""
_BELOW = " " * 5
"""What puts a line under the words of a line with a sign."""


class Report:
    """Words for the terminal. A terminal that is gone is no reason to fail: what cannot be written is dropped."""

    def __init__(
        self, console: Console, version: str, project: str, *, verbose: bool = False, timings: bool = False
    ) -> None:
        self.verbose = verbose
        self._timings = timings
        self._console = console
        self._version = version
        self._project = project

    def ready(self, plan: Plan, urls: Sequence[str], milliseconds: float, rows: Iterable[tuple[str, str, str]]) -> None:
        """Say that the server answers, where, and by which settings."""
        self._lines(lambda: self._console.banner(self._version, plan.profile, milliseconds, urls, rows))

    def reloaded(self, changed: Sequence[str], back_to: str, milliseconds: float, phases: Mapping[str, float]) -> None:
        """Say what led to the reload, nothing if a worker had crashed, what it went back to, and how long it took.

        *phases* holds the milliseconds of each phase, in order.
        """
        mark = self._console.paint("good", self._sign("↻", "*"))
        cause = f"{self._names(changed)} changed, " if changed else ""
        origin = self._console.paint("faint", f"{back_to}, ") if back_to else ""
        self._write(f"{mark}  {cause}{origin}served again after {duration(milliseconds)}")
        if self._timings:
            spent = "   ".join(f"{name} {time:.1f}" for name, time in phases.items())
            self._write(f"   {self._console.paint('faint', f'{spent}   (ms)')}")

    def passed_over(self, path: str, reason: str) -> None:
        """Say why something that moved on the disk led to nothing; only where the person asked for that."""
        if self.verbose:
            self._write(self._console.paint("faint", f"·  {self._names([path])}: {reason}"))

    def no_snapshot(self, before: str, reason: str) -> None:
        """Say from where on there are no snapshots; only where the person asked for that."""
        if self.verbose:
            where = f"before {escape(before)}" if before else "here"
            self._write(self._console.paint("faint", f"·  no snapshot {where}: {escape(reason)}"))

    def not_swapped(self, reason: str) -> None:
        """Say why an edit was not swapped into the loaded app; only where the person asked for that."""
        if self.verbose:
            self._write(self._console.paint("faint", f"·  imported again: {escape(reason)}"))

    def no_more_libraries(self, last: str, reason: str) -> None:
        """Say which libraries are imported again when the first module changes; only where the person asked for that.

        *last* is the last one that is not; empty where all are.
        """
        if self.verbose:
            which = f"the libraries after {escape(last)}" if last else "all libraries"
            told = f"·  {which} are imported again when the first module changes: {escape(reason)}"
            self._write(self._console.paint("faint", told))

    def refreshed(self, changed: Sequence[str], *, style: bool) -> None:
        """Say that open pages are brought up to date without a reload."""
        mark = self._console.paint("good", self._sign("↻", "*"))
        self._write(f"{mark}  {self._names(changed)} changed, {'styles' if style else 'pages'} refreshed")

    def noisy(self, files: Sequence[str]) -> None:
        """Say that files are not looked at any more, since they change with each refresh."""
        told = "changes again and again: it refreshes no pages until the next reload"
        self._write(f"{self._mark('warning')}  {self._names(files)} {told}")

    def looping(self, files: Sequence[str]) -> None:
        """Say which files change with each load, so that they lead to no reload for now."""
        told = "changes with each reload: ignored until it stops, or until something else changes"
        self._write(f"{self._mark('warning')}  {self._names(files)} {told}")
        self._write("   if the app or a tool writes it, add it to `reload.exclude`")

    def held(self, changed: Sequence[str]) -> None:
        """Say that a reload waits for the terminal debugger."""
        self._write(f"{self._mark('warning')}  {self._names(changed)} changed; reloading when the debugger is left")

    def failed(self, cause: str, text: str, *, goes_on: bool, lacking: bool = False) -> None:
        """Show the user's traceback, and what happens next; *lacking* says that something has to come back first.

        A *text* that begins with the *cause* is no traceback: the cause is not said twice, and the rest follows it.
        """
        lines = [escape(line) for line in text.rstrip().splitlines()]
        end = "stopped"
        if goes_on:
            end = "waiting for it to come back" if lacking else "the page shows this; waiting for a change"
        told = self._console.notice(f"  {self._mark('error')}  {escape(cause)}: {end}")
        if lines[:1] != [escape(cause)]:
            self._lines(lambda: self._console.lines([*lines, *told]))
            return
        width = self._console.look.width - len(_BELOW)
        hints = [f"{_BELOW}{part}" for line in lines[1:] for part in wrap(line.strip(), width)]
        self._lines(lambda: self._console.lines([*told, *hints]))

    def crashed(self, how: str, text: str, *, goes_on: bool) -> None:
        """Say that a serving worker died, and of what."""
        lines = [escape(line) for line in text.rstrip().splitlines()]
        end = "starting another" if goes_on else "the page says so; waiting for a change"
        self._write(*lines, f"{self._mark('error')}  the worker ended while it served, {escape(how)}: {end}")

    def page_lost(self, how: str, delay: float) -> None:
        """Say that the process of the failure page ended, and when the next one starts."""
        told = f"the process of the failure page ended, {escape(how)}: starting another in {duration(delay * 1000)}"
        self._write(f"{self._mark('warning')}  {told}")

    def copy_failed(self, origin: str, why: str, text: str) -> None:
        """Say that a copy came to nothing, and that a fresh interpreter takes its place; *text* is where it hung."""
        lines = [escape(line) for line in text.rstrip().splitlines()]
        self._write(
            *lines, f"{self._mark('warning')}  {escape(origin)} failed, {escape(why)}: starting from the beginning"
        )

    def memory_low(self, ended: int) -> None:
        """Say that snapshots were ended to give memory back."""
        what = "1 snapshot" if ended == 1 else f"{ended} snapshots"
        self._write(f"{self._mark('warning')}  memory is low: {what} ended, reloads may take longer")

    def replanned(self, changed: Sequence[tuple[str, str]]) -> None:
        """Say which settings changed, each with its origin."""
        self._write(f"{self._mark('good')}  settings changed: {_with_origins(changed)}")

    def adjusted(self, changed: Sequence[tuple[str, str]]) -> None:
        """Say which settings changed that are in force without a reload."""
        self._write(f"{self._mark('good')}  settings changed: {_with_origins(changed)}; in force without a reload")

    def moved(self, urls: Sequence[str]) -> None:
        """Say where the server listens from now on."""
        arrow = self._console.paint("good", self._sign("➜", ">"))
        for where in urls:
            self._write(f"{arrow}  {self._console.paint('link', escape(where))}")

    def production(self, environ: Mapping[str, str]) -> None:
        """Warn where the environment looks like that of a production machine."""
        if marker := next((name for name in _PRODUCTION if name in environ), ""):
            told = f"this looks like a production machine ({marker} is set): launch is for development only"
            self._write(f"{self._mark('warning')}  {told}")

    def reachable(self, plan: Plan) -> None:
        """Warn that others than this machine reach the debugger, and say what they can do there."""
        if not plan.debugger.console:
            more = "reads tracebacks with their source"
        elif plan.debugger.pin:
            more = "reads tracebacks with their source, and can try the debugger's PIN"
        else:
            more = "can run any code as you, since the debugger asks for no PIN"
        width = self._console.look.width - len(_BELOW)
        told = wrap(f"whoever reaches this server over the network {more}", width)
        hints = ("`--no-debugger` takes the debugger away", "`--host 127.0.0.1` is for this machine alone")
        below = [f"{_BELOW}{part}" for part in (*told[1:], *hints)]
        self._lines(lambda: self._console.lines([f"  {self._mark('warning')}  {told[0]}", *below]))

    def not_opened(self) -> None:
        """Say why no browser is opened."""
        self._write(f"{self._mark('warning')}  browser.open: a browser cannot open a Unix socket")

    def settings_broken(self, error: LaunchError) -> None:
        """Show what is wrong with the settings, and that the server goes on without them."""
        self._lines(lambda: self._console.problems(error.problems))
        self._write(f"{self._mark('warning')}  the server goes on with the settings it has")

    def settings_mended(self) -> None:
        """Say that the settings are in order again, and as they were."""
        self._write(f"{self._mark('good')}  settings are in order again; nothing to change")

    def problems(self, problems: Iterable[Problem]) -> None:
        """Show warnings, in frames."""
        self._lines(lambda: self._console.problems(problems))

    def slow(self, seconds: float, file: str) -> None:
        """Say that the import takes long, and where it is."""
        where = f"; the last file read is {self._names([file])}" if file else ""
        self._write(f"{self._mark('warning')}  still importing the app after {seconds:.0f} s{where}")

    def waiting_for_git(self, lock: str) -> None:
        """Say why a failure is not shown yet."""
        where = self._names([lock])
        self._write(f"{self._mark('warning')}  the app failed to load; waiting for git to release {where}")

    def polling(self, reason: str) -> None:
        """Say that changes are found by reading the disk."""
        self._write(
            f"{self._mark('warning')}  no file events from the system ({escape(reason)}): reading the disk instead"
        )

    def cut(self, count: int) -> None:
        """Say that requests were ended because their time was up."""
        self._write(f"{self._mark('warning')}  {plural(count, 'request')} still open after the time to drain: cut")

    def stopping(self) -> None:
        """Say that the server ends."""
        self._write(self._console.paint("faint", f"{self._sign('■', '-')}  stopping"))

    def names(self, files: Sequence[str]) -> list[str]:
        """Return the files as a person calls them: below the project."""
        return [self._short(path) for path in files]

    def _names(self, files: Sequence[str]) -> str:
        shown = [escape(self._short(path)) for path in files[:_SHOWN_FILES]]
        more = [f"{len(files) - _SHOWN_FILES} more"] if len(files) > _SHOWN_FILES else []
        return ", ".join([*shown, *more])

    def _short(self, path: str) -> str:
        """Return *path* below the project. What stands for the names in a folder ends with one slash."""
        below = self._project.rstrip(os.sep) + os.sep
        folder = path.removesuffix("/.").rstrip(os.sep)
        path = folder if folder == path else f"{folder}/"
        return (path[len(below) :] or "./") if path.startswith(below) else path

    def _mark(self, style: str) -> str:
        return self._console.paint(style, self._sign("●", "*"))

    def _sign(self, sign: str, plain: str) -> str:
        return sign if self._console.look.unicode else plain

    def _write(self, *lines: str) -> None:
        *before, last = lines
        self._lines(lambda: self._console.lines([*before, *self._console.notice(f"  {last}")]))

    def _lines(self, write: Callable[[], None]) -> None:
        try:
            write()
        except (OSError, ValueError):
            pass


def _with_origins(changed: Iterable[tuple[str, str]]) -> str:
    told = [f"{key} ({origin})" if origin else key for key, origin in changed]
    return escape(", ".join(told))


def banner_rows(plan: Plan, found: str, files: int, engine: str) -> list[tuple[str, str, str]]:
    """Return the rows of the banner: what, its value, and where the value comes from. *engine* names what reloads."""
    app = found or plan.target.spec or "found when the first request arrives"
    rows = [("app", app, plan.origins.get("app", ""))]
    if plan.loading != "auto":
        rows.append(("loading", plan.loading, plan.origins.get("loading", "")))
    rows.append(("debug", _debug(plan), plan.origins.get("debug", "")))
    if not plan.reload.enabled:
        rows.append(("reload", "off", plan.origins.get("reload.enabled", "")))
    else:
        what = f"{engine}, {plural(files, 'file')}" if files else engine
        rows.append(("reload", what, plan.origins.get("reload.engine", "")))
    rows += [(key, value, plan.origins[key]) for key, value in _unusual(plan) if plan.origins.get(key)]
    if plan.kept_from_shell:
        rows.append(("shell", f"keeps {', '.join(plan.kept_from_shell)}", ""))
    return rows


def _unusual(plan: Plan) -> list[tuple[str, str]]:
    """Return the address settings, which are worth a row when somebody set them."""
    if plan.address.unix:
        return [("host", f"unix:{plan.address.unix}")]
    port = "auto" if plan.address.auto else str(plan.address.port)
    return [("host", plan.address.host), ("port", port)]


def _debug(plan: Plan) -> str:
    if not plan.debugger.enabled:
        return "on, no debugger" if plan.debug else "off"
    if not plan.debugger.console:
        return "on, no console"
    return f"on, PIN {plan.debugger.pin}" if plan.debugger.pin else "on, console without PIN"
