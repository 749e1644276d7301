"""Which random numbers two copies of one process draw: the same only where somebody chose the seed."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator

import pytest

from launcher.worker.randomness import Randomness


@pytest.fixture
def randomness() -> Iterator[Randomness]:
    state = random.getstate()
    watch = Randomness()
    watch.start()
    yield watch
    watch.stop()
    random.setstate(state)


def draw_in_copies(randomness: Randomness, draw: Callable[[], float]) -> list[bytes]:
    """Return what each of two copies draws, each after it was renewed."""
    randomness.keep()
    drawn = []
    for _ in range(2):
        reader, writer = os.pipe()
        pid = os.fork()
        if not pid:
            randomness.renew()
            os.write(writer, repr(draw()).encode())
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as file:
            drawn.append(file.read())
        os.waitpid(pid, 0)
    return drawn


def test_the_module_differs(randomness: Randomness):
    one, other = draw_in_copies(randomness, random.random)
    assert one != other


def test_the_module_does_not_differ_once_it_is_seeded(randomness: Randomness):
    random.seed(42)
    expected = repr(random.Random(42).random()).encode()
    assert draw_in_copies(randomness, random.random) == [expected, expected]


def test_a_seed_without_a_number_is_none(randomness: Randomness):
    random.seed(42)
    random.seed()
    one, other = draw_in_copies(randomness, random.random)
    assert one != other


def test_a_private_generator_differs(randomness: Randomness):
    generator = random.Random()
    one, other = draw_in_copies(randomness, generator.random)
    assert one != other


@pytest.mark.parametrize("seed", [lambda: random.Random(7), lambda: _seeded_later()], ids=["made with", "given later"])
def test_a_private_generator_with_a_seed_does_not_differ(randomness: Randomness, seed: Callable[[], random.Random]):
    generator = seed()
    one, other = draw_in_copies(randomness, generator.random)
    assert one == other == repr(random.Random(7).random()).encode()


def _seeded_later() -> random.Random:
    generator = random.Random()
    generator.seed(7)
    return generator


def test_all_is_put_back():
    before = (random.seed, random.setstate, random.Random.seed, random.Random.setstate)
    watch = Randomness()
    watch.start()
    assert random.seed is not before[0]
    watch.stop()
    assert (random.seed, random.setstate, random.Random.seed, random.Random.setstate) == before


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # from fork, where NumPy left threads
@pytest.mark.parametrize("seeded", [False, True], ids=["unseeded", "seeded"])
def test_numpy(randomness: Randomness, seeded: bool):
    numpy = pytest.importorskip("numpy")
    if seeded:
        numpy.random.seed(1)
    elif numpy.random.mtrand._rand._bit_generator.seed_seq is None:
        pytest.skip("somebody seeded it in this process")
    one, other = draw_in_copies(randomness, lambda: float(numpy.random.random()))
    assert (one == other) is seeded
