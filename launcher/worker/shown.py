"""Notices which files are read while requests are answered: templates, static files, data behind a page.

A change of them needs no reload: the page is refreshed. Sees only what Python opens, and each file once, so that a
request pays next to nothing. What is imported late is the finder's and no business of this module.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar

from launcher.standard import os
from launcher.wire.digest import of_file
from launcher.worker import audits
from launcher.worker.finder import is_project_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_CODE = (".py", ".pyc", ".pyo", ".so")
_MOST = 20_000  # files that are remembered as seen


class ShownFiles:
    """The audit hook of a worker that serves. `roots` bound the files that are of interest.

    `report` gets a path, its digest, and whether it was read to answer for a stylesheet; it is called on the thread
    that opens the file: that of the request, or one on which the app goes on in the context of the request, as views do
    that are coroutines. The hook cannot be removed from an interpreter; `stop` has it do nothing any more.
    """

    def __init__(self, roots: Iterable[str], report: Callable[[str, str, bool], None]) -> None:
        self._roots = tuple(root.rstrip(os.sep) + os.sep for root in roots)
        self._report = report
        self._seen: dict[str, bool] = {}
        # No `threading.local`: each request has a context, but the thread may serve another one after it.
        self._style: ContextVar[bool | None] = ContextVar("style", default=None)
        self._active = False
        self._hooked = False

    def start(self) -> None:
        """Begin to notice, again if need be."""
        self._active = True
        if not self._hooked:
            self._hooked = True
            audits.hear(("open",), self._opened)

    def stop(self) -> None:
        """Notice nothing more."""
        self._active = False

    def around(self, app: WSGIApplication) -> WSGIApplication:
        """Return *app* so that it is known what each request asks for while files are opened for it."""

        def run(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            self._style.set(environ.get("PATH_INFO", "").endswith(".css"))
            return app(environ, start_response)

        return run

    def _opened(self, _: str, arguments: tuple[Any, ...]) -> None:  # Any: what the event tells
        if not self._active:
            return
        path, _, flags = arguments
        style = self._style.get()
        if style is None or not isinstance(path, str) or not isinstance(flags, int):
            return  # not for a request, or opened by a number
        if flags & os.O_ACCMODE == os.O_RDONLY and self._seen.get(path) is not style:
            self._note_read(path, style and path.endswith(".css") and self._seen.get(path, True))

    def _note_read(self, path: str, style: bool) -> None:
        """Report *path* if it is of interest. What was read for another purpose as well is no mere stylesheet."""
        if self._seen.get(path) is style:
            return
        if len(self._seen) >= _MOST:
            self._seen.clear()
        self._seen[path] = style  # first of all, because the digest is taken by opening the file
        whole = os.path.abspath(path)
        if self._is_of_interest(whole) and os.path.isfile(whole):
            self._report(whole, of_file(whole), style)

    def _is_of_interest(self, path: str) -> bool:
        return path.startswith(self._roots) and is_project_file(path) and not path.endswith(_CODE)


def forget_templates() -> None:
    """Have the frameworks that keep templates for good read them again; the others look for themselves.

    Django does so when its own reloader sees a change, which does not run here; Bottle outside its debug mode never.
    """
    django, settings = sys.modules.get("django.template.autoreload"), sys.modules.get("django.conf")
    if django is not None and settings is not None and settings.settings.configured:
        django.reset_loaders()
    bottle = sys.modules.get("bottle")
    if bottle is not None:
        bottle.TEMPLATES.clear()
