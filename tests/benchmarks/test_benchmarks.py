"""The benchmark itself: the apps are what they are said to be, and the table says what was measured."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.benchmarks.apps import write_app
from tests.benchmarks.report import cell, render

STAMP = re.compile(r'"(early|late|entry)-\d{4}"')


@pytest.mark.parametrize(
    ("name", "modules", "targets"),
    [("A", 1, ["entry"]), ("C", 42, ["early", "late", "entry"]), ("D", 1001, ["early", "late", "entry"])],
)
def test_app_has_its_size_and_its_targets(tmp_path, name, modules, targets):
    app = write_app(name, tmp_path / name)
    code = [path for path in app.folder.rglob("*.py") if path.name not in {"__init__.py", "asgi.py"}]
    assert len(code) == modules
    assert list(app.targets) == targets


def test_edit_changes_the_stamp_and_not_the_size(tmp_path):
    app = write_app("A", tmp_path / "A")
    before = app.targets["entry"].read_text()
    stamp, _ = app.edit("entry")
    after = app.targets["entry"].read_text()
    assert f'"{stamp}"' in after
    assert len(after) == len(before)
    assert STAMP.sub("", after) == STAMP.sub("", before)


def test_thousand_modules_can_be_imported_and_show_their_stamps(tmp_path):
    app = write_app("D", tmp_path / "D")
    program = "from app import app; print(app.test_client().get('/stamps').text)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=app.folder, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.split() == [app.stamps[target] for target in ("early", "late", "entry")]


@pytest.mark.parametrize(
    ("samples", "reference", "text"),
    [
        pytest.param([0.3, 0.1, 0.2], [], "0.200 [0.100 - 0.300] n=3", id="median-and-spread"),
        pytest.param([0.1], [0.2], "0.100 **x0.50**", id="one-sample-with-ratio"),
        pytest.param([0.1, None], [], "0.100, failed 1 of 2", id="failures-are-counted"),
        pytest.param([None], [0.2], "-, failed 1 of 1", id="nothing-but-failures"),
        pytest.param([0, 0], [3], "0 [0 - 0] n=2 **x0.00**", id="whole-numbers"),
    ],
)
def test_cell(samples, reference, text):
    assert cell(samples, reference) == text


def test_report_names_the_versions_and_begins_with_the_reference():
    results = {("cold", "A"): {"launch": {"cold start, s": [0.1]}, "flask": {"cold start, s": [0.2]}}}
    text = render(results, {"flask-lean": {"Python": "3.11.7", "flask": "3.1.3"}}, "flask")
    assert "environment flask-lean: Python 3.11.7, flask 3.1.3" in text
    assert text.index("| flask |") < text.index("| launch | 0.100 **x0.50** |")
