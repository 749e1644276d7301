"""The rules of resolving, as data: every case in corpus/*.toml is run through `resolve_profile`.

A case has `name`, `files` (path -> text) or `hex` (path -> bytes), `cwd` and `home` (default: the root, no home),
`environ`, and `argv`: `profile`, `config`, `flags` ([key, flag, text]), `sets`, `unsets`, `local`, `env-files`,
`isolated`. It expects `values`, `absent`, `origins`, `hidden` (highest first), `profile`, `chain`, `project`, and
`warnings`; or `errors`, each "slug place" or a table with a fragment of the `hint`, `others` (further places of any
error), and texts that must not be shown (`masked`). `{root}` is the folder of the case. A case with `step` is one row
of docs/reference/precedence.md.
"""

from __future__ import annotations

import os
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
import tomli

from launcher.config.layer import Source
from launcher.config.resolve import Given, Request, describe_origin, resolve_profile
from launcher.errors import ConfigError, ExitCode, LaunchError, UsageError

# Loaded by path: in pytest's import mode for this project, test modules cannot import their neighbours by name.
SPEC = spec_from_file_location("precedence", Path(__file__).with_name("precedence.py"))
precedence = module_from_spec(SPEC)
SPEC.loader.exec_module(precedence)
CASES = precedence.cases()
QUOTED = ("environment", "command line")
KNOWN = {
    "name", "files", "hex", "cwd", "home", "environ", "argv", "values", "absent", "origins", "hidden", "profile",
    "chain", "project", "warnings", "errors", "others", "masked", "ordered", "step", "posix",
}  # fmt: skip
ARGV = {"profile", "config", "flags", "sets", "unsets", "local", "env-files", "isolated"}


def write_files(case, root):
    (root / ".git").mkdir()
    for name, text in case.get("files", {}).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    for name, digits in case.get("hex", {}).items():
        (root / name).write_bytes(bytes.fromhex(digits))


def request_of(case, root):
    argv = case.get("argv", {})
    assert set(argv) <= ARGV
    home = case.get("home")
    return Request(
        cwd=str(root / case.get("cwd", ".")),
        environ=case.get("environ", {}),
        home=str(root / home) if home else "",
        flags=tuple(Given(*flag) for flag in argv.get("flags", ())),
        sets=tuple(argv.get("sets", ())),
        unsets=tuple(argv.get("unsets", ())),
        profile=argv.get("profile"),
        config=argv.get("config"),
        local=argv.get("local", True),
        env_files=argv.get("env-files", True),
        isolated=argv.get("isolated", False),
    )


class Answer:
    """A resolved profile, in the words of the corpus."""

    def __init__(self, resolved, root):
        self.resolved = resolved
        self.root = root
        self.project = resolved.project.root

    def plain(self, value):
        if isinstance(value, dict):
            return {name: self.plain(inner) for name, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.plain(item) for item in value]
        return value.replace(str(self.root), "{root}") if isinstance(value, str) else value

    def value(self, key):
        if key.startswith("env."):
            return self.resolved.variables[key[4:]].value
        found = self.resolved.settings
        for part in key.split("."):
            found = getattr(found, part.replace("-", "_"))
        return self.plain(found)

    def candidates(self, key):
        parts = ("env", key[4:]) if key.startswith("env.") else tuple(key.split("."))
        return [self.origin(candidate) for candidate in self.resolved.history[parts].candidates]

    def origin(self, candidate):
        origin = candidate.origin
        text = f"derived: {origin.reason}" if origin.source is Source.DERIVED else describe_origin(origin, self.project)
        return f"unset {text}" if candidate.unset else text


def place_text(place, root):
    """Return a place as the corpus writes it: file:line:column, or what was quoted."""
    if place is None:
        return ""
    if place.file in QUOTED:
        return f"{place.file} {place.text}"
    file = os.path.relpath(place.file, root) if os.path.isabs(place.file) else place.file
    return ":".join([file, *(str(number) for number in (place.line, place.column) if number)])


def problems_text(problems, root):
    return [f"{problem.slug} {place_text(problem.place, root)}".strip() for problem in problems]


def check_answer(case, resolved, root):
    answer = Answer(resolved, root)
    assert {key: answer.value(key) for key in case.get("values", {})} == case.get("values", {})
    assert {key: answer.candidates(key)[0] for key in case.get("origins", {})} == case.get("origins", {})
    assert {key: answer.candidates(key)[1:] for key in case.get("hidden", {})} == case.get("hidden", {})
    assert not [key for key in case.get("absent", ()) if key.removeprefix("env.") in resolved.variables]
    assert os.path.normpath(resolved.project.root) == os.path.normpath(root / case.get("project", "."))
    if "profile" in case:
        assert resolved.profile == case["profile"]
    if "chain" in case:
        assert list(resolved.chain) == case["chain"]
    assert problems_text(resolved.warnings, root) == case.get("warnings", [])


def check_errors(case, error, root):
    wanted = [item if isinstance(item, dict) else {"at": item} for item in case["errors"]]
    found = problems_text(error.problems, root)
    places = [item["at"] for item in wanted]
    assert (found if case.get("ordered") else sorted(found)) == (places if case.get("ordered") else sorted(places))
    told = {text: problem.hint for text, problem in zip(found, error.problems, strict=True)}
    for item in wanted:
        assert item.get("hint", "") in told[item["at"]]
    others = [place_text(place, root) for problem in error.problems for _, place in problem.others]
    assert set(case.get("others", ())) <= set(others)
    assert not [text for text in case.get("masked", ()) if text in repr(error.problems) or text in str(error)]
    assert isinstance(error, (ConfigError, UsageError))
    assert error.exit_code is ExitCode.USAGE


@pytest.mark.parametrize("case", CASES, ids=[f"{case['topic']}-{case['name'].split(' (')[0]}" for case in CASES])
def test_case(case, tmp_path):
    if case.get("posix") and os.name != "posix":
        pytest.skip("the case is written for POSIX")
    root = Path(os.path.realpath(tmp_path))
    write_files(case, root)
    request = request_of(case, root)
    if "errors" in case:
        with pytest.raises(LaunchError) as caught:
            resolve_profile(request)
        check_errors(case, caught.value, root)
    else:
        check_answer(case, resolve_profile(request), root)


def test_cases_are_well_formed():
    expectations = {"values", "absent", "origins", "profile", "errors"}
    for case in CASES:
        assert set(case) - {"topic"} <= KNOWN, case["name"]
        assert expectations & set(case), case["name"]
    names = [(case["topic"], case["name"]) for case in CASES]
    assert len(set(names)) == len(names)
    assert len(CASES) >= 170


def test_the_precedence_page_is_made_from_the_cases():
    assert precedence.PAGE.read_text(encoding="utf-8") == precedence.page(), (
        "run: python tests/config/precedence.py --write"
    )


def test_each_step_of_the_page_is_a_case_that_shows_both_sides():
    for case in CASES:
        if "step" in case:
            key = next(iter(case["hidden"]))
            assert set(case["step"]) == {"above", "below", "example"}
            assert case["hidden"][key], case["name"]


def test_examples_of_the_page_are_in_their_cases():
    for case in CASES:
        if "step" in case:
            flags = case.get("argv", {})
            given = [f"{flag} {text}" for _, flag, text in flags.get("flags", ())] + [
                f"--set {text}" for text in flags.get("sets", ())
            ]
            given += [f"{name}={text}" for name, text in case.get("environ", {}).items()]
            written = "\n".join([*case.get("files", {}).values(), *given])
            assert case["step"]["example"] in written


def test_corpus_files_are_plain_toml():
    for path in (Path(__file__).parent / "corpus").glob("*.toml"):
        assert set(tomli.loads(path.read_text(encoding="utf-8"))) == {"case"}
