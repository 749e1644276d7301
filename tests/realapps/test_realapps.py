"""What the runs of real apps decide, without an app; `python -m tests.realapps` is the long run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.realapps.apps import FLASKR, Probe
from tests.realapps.marks import KINDS, Marked
from tests.realapps.quiet import Sample, grown, unexpected

_VIEW = '''"""A view."""

import os


@str
def view():
    return f"page"
'''
_PROBE = Probe("/", "m.py", 'f"page"', "mark_all()", {"late": ("m.py", "m"), "early": ("n.py", "n")})
_SHOW = "import m, n; print(m.mark_all())"


def _shown(project: Path) -> str:
    """Return the marks that a fresh process shows."""
    done = subprocess.run([sys.executable, "-B", "-c", _SHOW], cwd=project, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def marked(tmp_path):
    (tmp_path / "m.py").write_text(_VIEW)
    (tmp_path / "n.py").write_text('"""No imports."""\n')
    return Marked(tmp_path, _PROBE)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", _PROBE.modules)
def test_mark_is_shown_by_a_fresh_process_after_an_edit(marked, tmp_path, place, kind):
    before = _shown(tmp_path)
    marked.edit(place, kind, 7)
    assert _shown(tmp_path) == marked.shown() != before


def test_module_cannot_be_compiled_until_it_is_mended(marked, tmp_path):
    marked.break_("early")
    with pytest.raises(SyntaxError):
        compile((tmp_path / "n.py").read_text(), "n.py", "exec")
    marked.mend("early")
    assert _shown(tmp_path) == marked.shown()


@pytest.mark.parametrize(
    ("after", "found"),
    [
        pytest.param(Sample(5, 70, 200), [], id="same"),
        pytest.param(Sample(5, 72, 210), [], id="noise"),
        pytest.param(Sample(6, 70, 200), ["processes grew from 5 to 6"], id="process"),
        pytest.param(Sample(5, 80, 200), ["descriptors grew from 70 to 80"], id="descriptors"),
        pytest.param(Sample(5, 70, 240), ["memory grew from 200 to 240"], id="memory"),
    ],
)
def test_growth_is_reported_when_it_is_more_than_noise(after, found):
    assert grown([Sample(5, 70, 200)] * 3, [after] * 3) == found


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        ("  ↻  flaskr/blog.py changed, back to before flaskr.blog, served again after 105 ms", True),
        ("  ●  back to before flaskr failed: starting from the beginning", True),
        ('  File "/env/lib/python3.13/site-packages/launcher/web/server.py", line 3, in run', True),
        ("  ·  db.sqlite3: the app wrote it itself", False),
        ("  ➜  http://127.0.0.1:35137/", False),
        ("Not Found: /reload", False),
    ],
)
def test_line_of_the_log_counts_when_it_tells_of_a_reload_or_fault(line, counts):
    assert unexpected(line) == ([line] if counts else [])


def test_recipe_edits_the_module_of_its_view():
    assert FLASKR.probe.view in {file for file, _ in FLASKR.probe.modules.values()}
