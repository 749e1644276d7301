"""The rules for what a change on the disk means; `matches` is compared with git itself."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher.plan import Address, Plan, Reload, Target, Tls
from launcher.supervisor.impact import NEVER, changed_settings, differing, matches, to_examine

PLAN = Plan(project="/p", profile="", target=Target("shop:app", "/p", "/p"), address=Address())

KNOWN = {"/p/a.py": "1", "/p/pkg/b.py": "2", "/p/pkg/sub/c.py": "3", "/p/pkgs.py": "4"}


@pytest.mark.parametrize(
    ("moved", "found"),
    [
        pytest.param([], set(), id="nothing"),
        pytest.param(["/p/a.py"], {"/p/a.py"}, id="the-file-itself"),
        pytest.param(["/p/other.py"], set(), id="a-file-that-nobody-read"),
        pytest.param(["/p/pkg"], {"/p/pkg/b.py", "/p/pkg/sub/c.py"}, id="all-below-a-moved-folder"),
        pytest.param(["/p/pkg/"], {"/p/pkg/b.py", "/p/pkg/sub/c.py"}, id="a-slash-at-the-end-of-a-folder"),
        pytest.param(["/p/pkg/sub"], {"/p/pkg/sub/c.py"}, id="a-deeper-folder"),
        pytest.param(["/p/pk"], set(), id="a-prefix-is-no-folder"),
        pytest.param(["/p"], {"/p/a.py", "/p/pkg/b.py", "/p/pkg/sub/c.py", "/p/pkgs.py"}, id="everything-below"),
        pytest.param(["/p/a.py", "/p/pkg"], {"/p/a.py", "/p/pkg/b.py", "/p/pkg/sub/c.py"}, id="file-and-folder"),
    ],
)
def test_to_examine(moved: list[str], found: set[str]) -> None:
    assert to_examine(KNOWN, moved) == found


@pytest.mark.parametrize(
    ("now", "found"),
    [
        pytest.param({}, (), id="nothing"),
        pytest.param({"/p/a.py": "1"}, (), id="same-content-is-a-mere-touch"),
        pytest.param({"/p/a.py": "9"}, ("/p/a.py",), id="other-content"),
        pytest.param({"/p/a.py": ""}, ("/p/a.py",), id="deleted"),
        pytest.param({"/p/new.py": "5"}, (), id="never-read"),
        pytest.param({"/p/pkgs.py": "", "/p/a.py": ""}, ("/p/a.py", "/p/pkgs.py"), id="sorted"),
    ],
)
def test_differing(now: dict[str, str], found: tuple[str, ...]) -> None:
    assert differing(KNOWN, now) == found


@pytest.mark.parametrize(
    ("new", "keys"),
    [
        pytest.param(PLAN, (), id="same"),
        pytest.param(replace(PLAN, debug=False), ("debug",), id="a-key-of-the-top"),
        pytest.param(replace(PLAN, reload=Reload(drain_seconds=1.0)), ("reload.drain-seconds",), id="nested"),
        pytest.param(replace(PLAN, env={"A_B": "1"}), ("env.A_B",), id="names-of-variables-keep-underscores"),
        pytest.param(replace(PLAN, target=replace(PLAN.target, spec="x:y")), ("app",), id="app"),
        pytest.param(replace(PLAN, target=replace(PLAN.target, directory="/q")), ("app-dir",), id="app-dir"),
        pytest.param(
            replace(PLAN, target=replace(PLAN.target, search=False)), ("app-dir",), id="app-dir-as-by-default"
        ),
        pytest.param(replace(PLAN, address=Address(port=1)), ("port",), id="port"),
        pytest.param(replace(PLAN, address=Address(auto=True, port=1)), ("port",), id="a-key-only-once"),
        pytest.param(replace(PLAN, address=Address(unix="/s")), ("host",), id="unix-socket-is-the-host"),
        pytest.param(replace(PLAN, tls=Tls(adhoc=True), threads=False), ("threads", "tls.adhoc"), id="several"),
        pytest.param(
            replace(
                PLAN, origins={"port": "x"}, settings_files=("/x",), kept_from_shell=("A",), roots=("/r",), project="/q"
            ),
            (),
            id="what-is-no-setting",
        ),
    ],
)
def test_changed_settings(new: Plan, keys: tuple[str, ...]) -> None:
    assert changed_settings(PLAN, new) == keys


def test_a_variable_that_is_gone_is_a_changed_setting() -> None:
    assert changed_settings(replace(PLAN, env={"A": "1"}), PLAN) == ("env.A",)


# The files of the repository in which git is asked.
FILES = (
    "a",
    "b",
    "a.py",
    "b.txt",
    "ab",
    "abc",
    "a-b",
    "A",
    "#a",
    "!a",
    "a b",
    "a ",
    "[a]",
    "a]",
    "a*b",
    "a?b",
    "a\\b",
    "a^",
    "x1",
    ".hidden",
    "c/a",
    "c/a.py",
    "c/b.txt",
    "c/d/a",
    "c/d/a.py",
    "c/d/e/a",
    "c/d/e/f.txt",
    "foo/bar/a",
    "foo/x/bar/a",
    "foobar/a",
    "build/out/a.o",
    "build/keep.txt",
    "src/build/a.o",
    "src/.git_/a",
    "größe/weiß.py",
)

CASES = {
    "name-matches-at-every-depth": ["a"],
    "name-of-a-folder-means-all-in-it": ["build"],
    "slash-at-the-end-means-folders": ["a/"],
    "folder-with-slash": ["c/"],
    "folder-at-every-depth": ["d/"],
    "slash-in-front-anchors": ["/a"],
    "slash-in-the-middle-anchors": ["d/a"],
    "anchored-path": ["c/d"],
    "anchored-path-with-both-slashes": ["/c/d/"],
    "anchored-file-with-slash-at-end": ["c/a/"],
    "star-suffix": ["*.py"],
    "star-prefix": ["a*"],
    "star-alone": ["*"],
    "star-stops-at-a-slash": ["c/*"],
    "star-stops-at-a-slash-suffix": ["c/*.py"],
    "star-as-folder": ["*/a"],
    "star-folder-folder": ["*/*/a"],
    "star-in-the-middle": ["c/*/a"],
    "star-folders-only": ["*/"],
    "stars-in-front": ["**/a"],
    "stars-in-front-of-a-path": ["**/d/a"],
    "stars-at-the-end": ["c/**"],
    "stars-at-the-end-after-folder": ["c/d/**"],
    "stars-in-the-middle": ["foo/**/bar"],
    "stars-in-the-middle-none": ["foo/**/x/bar"],
    "stars-alone": ["**"],
    "stars-folder": ["**/"],
    "stars-after-slash": ["/**"],
    "stars-within-a-name": ["a**b"],
    "stars-within-a-path": ["c/a**y"],
    "stars-at-the-end-of-a-word": ["c**"],
    "three-stars": ["c/***"],
    "two-times-stars": ["**/**/a"],
    "stars-star": ["c/**/*"],
    "stars-star-suffix": ["c/**/*.py"],
    "question-mark": ["a?"],
    "question-mark-is-no-slash": ["c?a"],
    "question-marks": ["???"],
    "set": ["[ab]"],
    "set-not": ["[!ab]"],
    "set-not-caret": ["[^ab]"],
    "range": ["[a-c]"],
    "range-in-a-path": ["c/[a-z].txt"],
    "range-reversed": ["[c-a]"],
    "range-reversed-not": ["[!c-a]"],
    "set-with-bracket-first": ["a[]]"],
    "set-with-bracket-escaped": [r"a[\]]"],
    "set-not-bracket": ["a[!]]"],
    "set-with-dash-at-the-end": ["a[x-]b"],
    "set-with-dash-in-front": ["a[-x]b"],
    "set-with-opening-bracket": ["[[]a]"],
    "set-with-escaped-dash": [r"a[\-]b"],
    "set-with-caret-inside": ["a[x^]"],
    "set-is-never-a-slash": ["c[/]a"],
    "set-not-is-never-a-slash": ["c[!x]a"],
    "set-of-special-signs": ["a[*?]b"],
    "set-of-backslash": [r"a[\\]b"],
    "set-that-is-not-closed": ["[a"],
    "set-that-is-empty": ["a[]"],
    "set-like-nested-python-sets": ["[[a]", "[a&&b]", "[a||b]", "[a--b]"],
    "class-alpha": ["[[:alpha:]]"],
    "class-digit": ["x[[:digit:]]"],
    "class-not": ["[![:alpha:]]"],
    "class-upper": ["[[:upper:]]"],
    "class-lower-and-more": ["[[:lower:]A]"],
    "class-punct": ["a[[:punct:]]b"],
    "class-space": ["a[[:space:]]b"],
    "class-blank-alnum-xdigit": ["[[:xdigit:]][[:blank:]][[:alnum:]]"],
    "class-graph-print-cntrl": ["[[:graph:]][![:cntrl:]][[:print:]]"],
    "class-unknown": ["[[:nope:]]"],
    "escaped-star": [r"a\*b"],
    "escaped-question-mark": [r"a\?b"],
    "escaped-bracket": [r"\[a]"],
    "escaped-backslash": [r"a\\b"],
    "escaped-letter": [r"\a"],
    "escape-at-the-end": ["a\\"],
    "escaped-hash": [r"\#a"],
    "escaped-exclamation-mark": [r"\!a"],
    "comment": ["#a"],
    "hash-inside": ["!#a", "*a"],
    "empty": [""],
    "slash-alone": ["/"],
    "two-slashes": ["//"],
    "two-slashes-at-the-end": ["c//"],
    "exclamation-mark-alone": ["!"],
    "space-at-the-end": ["a "],
    "spaces-at-the-end": ["a   "],
    "space-at-the-end-escaped": [r"a\ "],
    "space-at-the-end-escaped-and-one-more": ["a\\  "],
    "space-inside": ["a b"],
    "only-spaces": ["   "],
    "taken-back": ["*.py", "!a.py"],
    "taken-back-too-early": ["!a.py", "*.py"],
    "taken-back-and-again": ["*.py", "!a.py", "c/a.py"],
    "taken-back-below-a-meant-folder": ["build", "!build/keep.txt"],
    "taken-back-below-a-meant-folder-with-slash": ["c/", "!c/d/a"],
    "taken-back-below-a-folder's-content": ["build/*", "!build/keep.txt"],
    "taken-back-folder": ["c/*", "!c/d/"],
    "taken-back-folder-but-not-its-files": ["c/**", "!c/d/"],
    "all-but-a-kind": ["*", "!*/", "!*.py"],
    "all-but-a-kind-without-its-folders": ["*", "!*.py"],
    "dot-is-no-wildcard": ["a.p?", "a.y"],
    "leading-dot-is-nothing-special": ["*hidden"],
    "capitals-count": ["A"],
    "plus-and-braces-are-plain": ["a+", "a{1}", "(a)", "a|b", "^a$"],
    "no-ascii": ["weiß.py"],
    "no-ascii-folder": ["größe/"],
    "quirk-of-braces": ["*.{py,txt}"],
    "what-is-never-included": list(NEVER),
}


class Repository:
    """A git repository with `FILES`, whose only patterns are those that are asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        self._patterns = folder / "patterns"
        self.folder.mkdir()
        for name in FILES:
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        self._git("init", "--quiet")
        (self.folder / ".git/info/exclude").unlink(missing_ok=True)

    def ignored(self, patterns: list[str]) -> set[str]:
        self._patterns.write_text("".join(f"{pattern}\n" for pattern in patterns), encoding="utf-8")
        told = "\0".join(FILES).encode()
        found = self._git("check-ignore", "--no-index", "--stdin", "-z", told=told)
        return set(found.decode().rstrip("\0").split("\0")) - {""}

    def _git(self, *words: str, told: bytes = b"") -> bytes:
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "GIT_CONFIG_NOSYSTEM": "1"}
        options = ["-c", f"core.excludesFile={self._patterns}", "-c", "core.ignoreCase=false"]
        ended = subprocess.run(
            ["git", *options, *words], cwd=self.folder, env=environ, input=told, capture_output=True, check=False
        )
        assert ended.returncode in (0, 1), ended.stderr
        return ended.stdout


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository(tmp_path_factory.mktemp("repository"))


def meant(patterns: list[str]) -> set[str]:
    return {name for name in FILES if matches(patterns, f"/r/{name}", "/r")}


@pytest.mark.parametrize("patterns", CASES.values(), ids=CASES.keys())
def test_patterns_mean_what_they_mean_to_git(repository: Repository, patterns: list[str]) -> None:
    assert meant(patterns) == repository.ignored(patterns)


WORDS = ("a", "b", "c", "d", "e", "foo", "bar", "build", ".py")
ATOM = st.sampled_from([*WORDS, "*", "?", "[a-c]", "[!a]", r"\a", "[ab]*"])
SEGMENT = st.one_of(st.lists(ATOM, min_size=1, max_size=3).map("".join), st.just("**"))


# In `foo**/bar` the stars are no segment of their own, and so plain stars by gitignore(5); git takes them for folders,
# because it compares the plain front of a pattern first and forgets that it was there.
def has_stars_beside_a_word(pattern: str) -> bool:
    words = pattern.strip("!/").split("/")
    return any("**" in word and set(word) != {"*"} for word in words)


PATTERN = st.builds(
    lambda front, segments, back: front + "/".join(segments) + back,
    st.sampled_from(["", "", "!", "/", "!/"]),
    st.lists(SEGMENT, min_size=1, max_size=4),
    st.sampled_from(["", "", "/"]),
).filter(lambda pattern: not has_stars_beside_a_word(pattern))


@settings(max_examples=250, derandomize=True)
@given(patterns=st.lists(PATTERN, min_size=1, max_size=4))
def test_random_patterns_mean_what_they_mean_to_git(repository: Repository, patterns: list[str]) -> None:
    assert meant(patterns) == repository.ignored(patterns)


@given(st.text(alphabet="ab/*?[]!^-\\: #é\n", max_size=12), st.text(alphabet="ab/", max_size=8))
def test_no_pattern_is_an_error(pattern: str, name: str) -> None:
    assert matches([pattern], f"/r/{name}", "/r") in (True, False)


def test_what_is_outside_the_root_is_not_meant() -> None:
    assert not matches(["*"], "/rr/a", "/r")
    assert not matches(["*"], "/r", "/r")


@pytest.mark.parametrize("root", ["/r", "/r/"])
def test_a_root_may_end_with_a_slash(root: str) -> None:
    assert matches(["/a"], "/r/a", root)


def test_the_root_of_the_disk_is_a_root() -> None:
    assert matches(["/a"], "/a", "/")


SIDE_FILES = (".git/index.lock", "a/__pycache__/b.pyc", "node_modules/x/y.js", "t.html~", "d/.#t.html", ".t.swp")


@pytest.mark.parametrize("name", SIDE_FILES)
def test_side_files_are_never_included(name: str) -> None:
    assert matches(NEVER, f"/r/{name}", "/r")


def test_stars_beside_a_word_are_plain_stars() -> None:
    """gitignore(5): other consecutive asterisks are considered regular asterisks."""
    assert not matches(["foo**/bar"], "/r/foo/x/bar", "/r")
    assert matches(["foo**/bar"], "/r/foox/bar", "/r")
