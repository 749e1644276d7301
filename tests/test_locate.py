"""Which file a spec means, and how a spec is cut and parsed."""

from __future__ import annotations

from pathlib import Path

import pytest

from launcher.locate import Reference, file_of, is_path, module_of, parse_reference, split_spec


@pytest.mark.parametrize(
    ("packages", "file", "folder", "name"),
    [
        pytest.param((), "shop.py", "", "shop", id="file"),
        pytest.param((), "web/shop.py", "web", "shop", id="file-in-folder"),
        pytest.param(("shop",), "shop/__init__.py", "", "shop", id="package"),
        pytest.param(("shop",), "shop/web.py", "", "shop.web", id="file-in-package"),
        pytest.param(("a", "a/b"), "a/b/c.py", "", "a.b.c", id="two-packages"),
        pytest.param(("a/b",), "a/b/c.py", "a", "b.c", id="climbs-to-the-first-folder-that-is-none"),
    ],
)
def test_a_file_has_its_name_in_the_outermost_package(
    packages: tuple[str, ...], file: str, folder: str, name: str, tmp_path: Path
) -> None:
    for package in packages:
        (tmp_path / package).mkdir(parents=True, exist_ok=True)
        (tmp_path / package / "__init__.py").touch()
    assert module_of(str(tmp_path / file)) == (str(tmp_path / folder), name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("shop", False), ("shop.web", False), ("shop.py", True), ("web/shop", True), ("./shop", True)],
)
def test_a_path_has_a_slash_or_a_suffix(text: str, expected: bool) -> None:
    assert is_path(text) is expected


def test_a_package_wins_over_a_file_of_the_same_name(tmp_path: Path) -> None:
    assert file_of(str(tmp_path), "app") is None
    (tmp_path / "app").mkdir()
    assert file_of(str(tmp_path), "app") is None
    (tmp_path / "app.py").touch()
    assert file_of(str(tmp_path), "app") == str(tmp_path / "app.py")
    (tmp_path / "app/__init__.py").touch()
    assert file_of(str(tmp_path), "app") == str(tmp_path / "app/__init__.py")


@pytest.mark.parametrize(
    ("spec", "path", "text"),
    [
        pytest.param("shop", "shop", None, id="module"),
        pytest.param("shop:app", "shop", "app", id="module-and-name"),
        pytest.param(r"C:\web\shop.py", r"C:\web\shop.py", None, id="windows-drive"),
        pytest.param(r"C:\web\shop.py:app", r"C:\web\shop.py", "app", id="windows-drive-and-name"),
        pytest.param("C:/web/shop.py:app", "C:/web/shop.py", "app", id="windows-drive-with-slash"),
        pytest.param("shop:f('a:b')", "shop", "f('a:b')", id="second-colon"),
    ],
)
def test_a_spec_is_cut_at_its_first_colon(spec: str, path: str, text: str | None) -> None:
    found, reference = split_spec(spec)
    assert found == path
    assert (reference.text if reference else None) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("app", Reference("app", ("app",)), id="name"),
        pytest.param("a.b.c", Reference("a.b.c", ("a", "b", "c")), id="dotted"),
        pytest.param("f()", Reference("f()", ("f",), True), id="call"),
        pytest.param("a.f(1, x=-2)", Reference("a.f(1, x=-2)", ("a", "f"), True, (1,), {"x": -2}), id="arguments"),
    ],
)
def test_a_reference_is_parsed(text: str, expected: Reference) -> None:
    assert parse_reference(text) == expected
