"""What is recorded of code during an import. Who counts as a reader is in `test_body_swap`, in processes of their own."""

from __future__ import annotations

from launcher.worker.resume.code_tracker import CodeTracker


def test_module_is_known_when_it_was_loaded_once() -> None:
    tracker = CodeTracker()
    code = compile("", "m.py", "exec")
    assert tracker.module("m.py") is None
    tracker.loads("m.py", code, {})
    assert tracker.module("m.py").code is code
    tracker.loads("m.py", code, {})
    assert tracker.module("m.py") is None


def test_tracker_does_not_vouch_for_code_before_it_started() -> None:
    assert not CodeTracker().is_watching()
