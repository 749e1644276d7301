"""`wsgi.request-handler` names a class derived from Werkzeug's."""

from __future__ import annotations

import pytest
from werkzeug.serving import WSGIRequestHandler

from launcher.errors import TargetError
from launcher.worker.handler import load_handler


def test_nothing_named_is_nothing() -> None:
    assert load_handler("") is None


def test_a_class_is_loaded() -> None:
    assert load_handler("werkzeug.serving:WSGIRequestHandler") is WSGIRequestHandler


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param("werkzeug.serving:Nothing", id="no-such-name"),
        pytest.param("werkzeug.serving:BaseWSGIServer", id="another-class"),
        pytest.param("werkzeug.serving:run_simple", id="no-class"),
        pytest.param("werkzeug.serving", id="no-name"),
    ],
)
def test_anything_else_is_a_complaint(spec: str) -> None:
    with pytest.raises(TargetError, match="is not a request handler") as caught:
        load_handler(spec)
    assert "werkzeug.serving.WSGIRequestHandler" in caught.value.hint


def test_what_importing_raises_goes_through() -> None:
    with pytest.raises(ModuleNotFoundError):
        load_handler("no_such_module_anywhere:Handler")
