from __future__ import annotations

import pytest

from launcher.web.exits import RequestExit, no_exits


def start(*_: object) -> None:
    return None


class Body:
    def __init__(self, *, fail_in: str = "", error: BaseException | None = None) -> None:
        self.fail_in, self.error, self.closed = fail_in, error, 0

    def __iter__(self):
        self.check("iter")
        yield b"one"
        self.check("next")
        yield b"two"

    def check(self, place: str) -> None:
        if self.fail_in == place and self.error is not None:
            raise self.error

    def close(self) -> None:
        self.closed += 1
        self.check("close")


def run(body: Body) -> list[bytes]:
    def app(environ, start_response):
        body.check("call")
        return body

    answer = no_exits(app)({}, start)
    try:
        return list(answer)
    finally:
        answer.close()


@pytest.mark.parametrize("place", ["call", "iter", "next", "close"])
@pytest.mark.parametrize(
    ("error", "message"),
    [
        pytest.param(SystemExit(3), "the app called sys.exit(3) while answering a request", id="exit-3"),
        pytest.param(SystemExit(), "the app called sys.exit() while answering a request", id="exit"),
        pytest.param(KeyboardInterrupt(), "the app raised KeyboardInterrupt while answering a request", id="interrupt"),
    ],
)
def test_an_exit_becomes_an_error(place: str, error: BaseException, message: str) -> None:
    with pytest.raises(RequestExit) as caught:
        run(Body(fail_in=place, error=error))
    assert str(caught.value) == message
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("place", ["call", "iter", "next", "close"])
def test_any_other_error_passes_through(place: str) -> None:
    error = LookupError("mine")
    with pytest.raises(LookupError) as caught:
        run(Body(fail_in=place, error=error))
    assert caught.value is error


def test_the_body_is_iterated_and_closed_once() -> None:
    body = Body()
    assert run(body) == [b"one", b"two"]
    assert body.closed == 1


@pytest.mark.parametrize("body", [[b"one"], (b"one",), []])
def test_lists_and_tuples_stay_what_they_are(body) -> None:
    assert no_exits(lambda environ, start_response: body)({}, start) is body


def test_a_body_without_close_can_be_closed() -> None:
    answer = no_exits(lambda environ, start_response: iter([b"one"]))({}, start)
    assert list(answer) == [b"one"]
    answer.close()


def test_chunks_arrive_one_by_one() -> None:
    seen = []

    def stream():
        for chunk in (b"a", b"b"):
            seen.append(chunk)
            yield chunk

    answer = iter(no_exits(lambda environ, start_response: stream())({}, start))
    assert seen == []
    assert next(answer) == b"a"
    assert seen == [b"a"]
