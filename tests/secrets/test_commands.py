"""No command says a secret: every scene through every command, in text and as JSON, and in the frames of errors."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from launcher.cli.main import run
from tests.secrets.scenes import CANARIES, COMMANDS, INIT, PART, RIGHT, WITHOUT_SETTINGS, WRONG, Scene, leaks

SCENES = (*RIGHT, *WRONG, *INIT)
DEV = (("dev",), ("dev", "-v", "--timings"))


def lay_out(scene: Scene, root: Path) -> None:
    (root / ".git").mkdir()
    (root / "shop.py").write_text("def app(environ, start_response): ...\n")
    for name, text in scene.files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def said(scene: Scene, command: tuple[str, ...]) -> str:
    """Return all that a command says in the folder of the scene."""
    words = () if command[0] in WITHOUT_SETTINGS else scene.words
    out, err = io.StringIO(), io.StringIO()
    run([command[0], *words, *command[1:]], {"COLUMNS": "200", **scene.environ}, out, err)
    return out.getvalue() + err.getvalue()


@pytest.mark.parametrize("scene", SCENES, ids=str)
def test_no_command_tells_a_secret(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(scene, tmp_path)
    monkeypatch.chdir(tmp_path)
    # What is wrong ends `launch dev` before it serves; right scenes are served by the end-to-end test.
    commands = (*COMMANDS, *DEV) if scene in WRONG and _fails(scene) else COMMANDS
    told = {command: text for command in commands if leaks(text := said(scene, command))}
    assert told == {}, "\n\n".join(f"$ launch {' '.join(command)}\n{text}" for command, text in told.items())


def _fails(scene: Scene) -> bool:
    out, err = io.StringIO(), io.StringIO()
    return run(["explain", "--as-flags", *scene.words], dict(scene.environ), out, err) == 2


def test_the_canaries_can_be_told_apart() -> None:
    parts = [one[at : at + PART] for one in CANARIES for at in range(len(one) - PART + 1)]
    assert len(parts) == len(set(parts))
    assert len(CANARIES) == 12


def test_every_canary_is_in_some_scene() -> None:
    texts = [repr((scene.files, scene.environ, scene.words)) for scene in SCENES]
    assert {one for text in texts for one in leaks(text)} | {"Rn5Vx8Sb2Dq4"} == set(CANARIES)


def test_a_part_of_a_canary_is_found() -> None:
    assert leaks(f"...{CANARIES[3][2:9]}...") == [CANARIES[3]]
    assert leaks(f"...{CANARIES[3][2:7]}...") == []


def test_revealed_values_are_there() -> None:
    """The search finds what is shown on purpose, so that finding nothing means something."""
    assert "env" in {command[0] for command in COMMANDS}
