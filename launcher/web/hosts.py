"""Which names this server answers to: the outermost wrapper, around the app, the debugger and our own endpoints.

A page of another site can have its name resolve to this machine (DNS rebinding) and would then read everything here as
its own. Its requests carry its name in `Host`, which is why an unknown name gets nothing. Forwarded headers are not
looked at: anybody can send them.
"""

from __future__ import annotations

from html import escape

from launcher.standard import re, socket
from launcher.web.accept import form_for
from launcher.web.answer import answer, to_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from launcher.plan import Plan
    from launcher.web.accept import Form

LOCAL = (".localhost", "127.0.0.1", "::1")
"""Names that only this machine can have: RFC 6761 keeps `localhost` and all below it out of the DNS."""

ANY_ADDRESS = ("0.0.0.0", "::", "")  # noqa: S104  # not bound to, but told apart

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_HOST = re.compile(
    rf"(?:(?P<name>{_LABEL}(?:\.{_LABEL})*)\.?|\[(?P<ipv6>[a-f0-9]*:[a-f0-9:.]+)\])(?::(?P<port>[0-9]{{1,5}}))?"
)
_LONGEST = 260
_PAGE = """\
<!doctype html>
<html lang="en">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Not under this name</title>
<style>body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem; }</style>
<p>"""
_HINT = "To allow the name, add it in devserver.toml:"


def parse_host(value: str) -> tuple[str, str] | None:
    """Return the name and the port (empty where none is given) in a `Host` header; None for anything malformed.

    The name comes in lower case, without brackets and without a dot at its end. Two headers reach us as one with a
    comma, and are malformed.
    """
    match = _HOST.fullmatch(value.lower()) if len(value) <= _LONGEST and value.isascii() else None
    if match is None or int(match["port"] or 0) > 65535 or (match["ipv6"] and not is_address(match["ipv6"])):
        return None
    return match["ipv6"] or match["name"], match["port"] or ""


def is_address(name: str) -> bool:
    """Say whether *name* is an IP address as it is written everywhere: four numbers, or IPv6 without brackets."""
    for family in (socket.AF_INET6, socket.AF_INET):
        try:
            socket.inet_pton(family, name)
        except (OSError, ValueError):
            continue
        return True
    return False


def known_names(plan: Plan) -> tuple[str, ...]:
    """Return the names that *plan* answers to, without brackets; a leading dot means the name and all below it."""
    names = [*LOCAL, *plan.allowed_hosts]
    if plan.address.host not in ANY_ADDRESS and not plan.address.unix:
        names.append(plan.address.host)
    bare = (name.strip().lower().strip("[]").rstrip(".") for name in names)
    return tuple(dict.fromkeys(name for name in bare if name))


def is_known(name: str, known: Collection[str]) -> bool:
    """Say whether *name*, as `parse_host` gives it, is one of the *known* names or below one with a leading dot."""
    return any(name == item or (item[0] == "." and f".{name}".endswith(item)) for item in known)


def check_hosts(app: WSGIApplication, known: Callable[[], Collection[str]]) -> WSGIApplication:
    """Return *app* so that it is reached under a *known* name only, or under an IP address.

    IP addresses are all ours: no other site can have one of them as its name. A missing or malformed `Host` gets 400, a
    foreign one 403 and the name of the setting; neither says anything about the app.
    """

    def check(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        host = parse_host(environ.get("HTTP_HOST", ""))
        if host is None:
            return answer(environ, start_response, "400 Bad Request", b"The Host header is missing or malformed.\n")
        if is_known(host[0], known()) or is_address(host[0]):
            return app(environ, start_response)
        return answer(environ, start_response, "403 Forbidden", *_refusal(host[0], form_for(environ)))

    return check


def _refusal(name: str, form: Form) -> tuple[bytes, str]:
    """Return the body for a request under a foreign *name*, and its type: with the line that would allow the name."""
    told = f'This server does not answer to "{name}".'
    line = f'allowed-hosts = ["{name}"]'
    if form == "json":
        return to_json(
            {"type": "host-refused", "message": told, "hint": f"in devserver.toml: {line}"}
        ), "application/json"
    if form == "html":
        page = f"{_PAGE}{escape(told)} {_HINT}</p>\n<pre>[base]\n{escape(line)}</pre>\n"
        return page.encode(), "text/html"
    return f"{told}\n{_HINT}\n\n    [base]\n    {line}\n".encode(), "text/plain"
