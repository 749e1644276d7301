"""A project in a temporary folder, and requests for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from launcher.config.resolve import Request, ResolvedProfile, resolve_profile

if TYPE_CHECKING:
    from pathlib import Path


class Make(Protocol):
    """Write files, resolve with the given parts of a request."""

    def __call__(self, files: dict[str, str], cwd: str = ".", **request: object) -> ResolvedProfile: ...


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty repository, so that no walk leaves it."""
    (tmp_path / ".git").mkdir()
    return tmp_path


@pytest.fixture
def ask(root: Path) -> object:
    """Write files into the project and return the request for it."""

    def make(files: dict[str, str], cwd: str = ".", **request: object) -> Request:
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        request.setdefault("environ", {})
        (root / cwd).mkdir(parents=True, exist_ok=True)
        return Request(cwd=str((root / cwd).resolve()), **request)  # type: ignore[arg-type]

    return make


@pytest.fixture
def resolve(ask: object) -> Make:
    """Write files into the project and resolve it."""

    def make(files: dict[str, str], cwd: str = ".", **request: object) -> ResolvedProfile:
        return resolve_profile(ask(files, cwd, **request))  # type: ignore[operator]

    return make
