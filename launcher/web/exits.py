"""Turning `sys.exit()` in a request into an error like any other.

Without this, `SystemExit` ends a request's thread without a word and without an answer, or ends the whole server where
it has no threads.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_LONGEST_CODE = 200
_PLAIN = (list, tuple, bytes, str)


class RequestExit(Exception):  # noqa: N818  # the name is shown to the user, who asks what has happened
    """The app tried to end the process while it answered a request; the cause is the exception that it raised."""

    __module__ = "launch"  # what the user reads before the name


class LoadExit(Exception):  # noqa: N818  # as above
    """The app tried to end the process while it was loaded; the cause is the exception that it raised."""

    __module__ = "launch"


def no_exits(app: WSGIApplication) -> WSGIApplication:
    """Return *app* so that only an `Exception` leaves it, whether it is called, iterated over or closed."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            body = app(environ, start_response)
        except Exception:
            raise
        except BaseException as error:
            raise _explain(error) from error
        # None of these runs any code, and servers and linters look at them (Content-Length, "you returned text").
        return body if type(body) in _PLAIN else _Body(body)

    return answer


def _explain(error: BaseException) -> RequestExit:
    if isinstance(error, SystemExit):
        return RequestExit(f"the app called {exit_call(error)} while answering a request")
    return RequestExit(f"the app raised {type(error).__name__} while answering a request")


def exit_call(error: SystemExit) -> str:
    """Return the call of `sys.exit` behind *error*, as it may stand in a program."""
    try:
        code = "" if error.code is None else repr(error.code)
    except BaseException:  # noqa: BLE001  # whatever the value's own code does
        code = "..."
    return f"sys.exit({code if len(code) <= _LONGEST_CODE else f'{code[:_LONGEST_CODE]}...'})"


class _Body:
    """The body of a response, with its `close`; `GeneratorExit` stays what it is."""

    def __init__(self, body: Iterable[bytes]) -> None:
        self._body = body
        self._chunks: Iterator[bytes] | None = None

    def __iter__(self) -> _Body:
        return self

    def __next__(self) -> bytes:
        try:
            if self._chunks is None:
                self._chunks = iter(self._body)
            return next(self._chunks)
        except Exception:
            raise
        except BaseException as error:
            raise _explain(error) from error

    def close(self) -> None:
        close = getattr(self._body, "close", None)
        if close is None:
            return
        try:
            close()
        except Exception:
            raise
        except BaseException as error:
            raise _explain(error) from error
