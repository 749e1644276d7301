"""Whether a page's Content-Security-Policy lets our script run and listen, and with which nonce.

Follows CSP Level 3 as far as a script from the page's own origin is concerned. Where the answer is not certain, it is
no: a script that the browser refuses would fill the console with errors on every page. Pure.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_SCRIPT = ("script-src-elem", "script-src", "default-src")
_CONNECT = ("connect-src", "default-src")


def nonce_for(policies: Iterable[str], origin: str) -> str | None:
    """Return the nonce that our script tag needs, empty for none; None where it may not run or not listen.

    *policies* are the values of all headers, each of which may hold several policies; every one must allow it. *origin*
    is where page and script come from: `http://localhost:5000`.
    """
    nonce = ""
    for policy in (part for value in policies for part in value.split(",")):
        directives = _parse(policy)
        if not _allows(_sources(directives, _CONNECT), origin) or not _is_same_document(directives):
            return None
        sources = _sources(directives, _SCRIPT)
        own = [item[7:-1] for item in sources or () if item.startswith("'nonce-") and item.endswith("'")]
        if nonce and nonce in own:
            continue
        if own and not nonce:
            nonce = own[0]
        elif own or not _allows(sources, origin) or "'strict-dynamic'" in (sources or ()):
            return None
    return nonce


def _parse(policy: str) -> dict[str, list[str]]:
    """Return directives by name; of those with one name the first counts."""
    found: dict[str, list[str]] = {}
    for directive in policy.split(";"):
        name, *values = directive.split() or [""]
        found.setdefault(name.lower(), values)
    return found


def _sources(directives: Mapping[str, Sequence[str]], names: Iterable[str]) -> Sequence[str] | None:
    """Return the source list that counts, None for no restriction."""
    return next((directives[name] for name in names if name in directives), None)


def _is_same_document(directives: Mapping[str, Sequence[str]]) -> bool:
    """Say whether a sandbox, if there is one, lets scripts run, and run as the page's own origin."""
    flags = directives.get("sandbox")
    return flags is None or {"allow-scripts", "allow-same-origin"} <= {flag.lower() for flag in flags}


def _allows(sources: Sequence[str] | None, origin: str) -> bool:
    scheme, _, host = origin.partition("://")
    own = {"'self'", "*", f"{scheme}:", origin, f"{origin}/", host}
    return sources is None or any(item.lower() in own for item in sources)
