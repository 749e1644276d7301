"""What an editor offers while settings are written: keys, values, and what they mean. Tombi answers as it does for one."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from launcher.cli.scaffold import toml
from launcher.config.schema import Setting, by_key, settings_table
from tests.editors.conftest import SCHEMAS, program, write_files


class Editor:
    """An editor's side of the language server protocol, with one file open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.number = 0
        line = [program("tombi"), "lsp", "--offline"]
        self.server = subprocess.Popen(
            line, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        root = folder.as_uri()
        self.ask("initialize", {"processId": None, "rootUri": root, "capabilities": {}})
        self.send({"method": "initialized", "params": {}})

    def close(self) -> None:
        self.server.terminate()
        self.server.communicate(timeout=30)

    def send(self, message: dict[str, object]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.server.stdin is not None
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.server.stdin.flush()

    def receive(self) -> dict[str, Any]:
        assert self.server.stdout is not None
        length = 0
        while line := self.server.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        found: dict[str, Any] = json.loads(self.server.stdout.read(length))
        return found

    def ask(self, method: str, params: dict[str, object]) -> object:
        """Return the answer to a request."""
        self.number += 1
        number = self.number
        self.send({"id": number, "method": method, "params": params})
        return self.until(lambda told: "method" not in told and told.get("id") == number)["result"]

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the first message of the kind that is *wanted*; what the server asks meanwhile gets no answer."""
        while not wanted(told := self.receive()):
            if "method" in told and "id" in told:
                self.send({"id": told["id"], "result": None})
        return told

    def at_end(self, text: str, question: str) -> Any:
        """Return the answer about the end of a text, in a file of its own, once the server has read the file."""
        path = self.folder / f"{self.number}.toml"
        path.write_text(text, encoding="utf-8")
        document = {"uri": path.as_uri(), "languageId": "toml", "version": 1, "text": text}
        self.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        read = "textDocument/publishDiagnostics"
        self.until(lambda told: told.get("method") == read and told["params"]["uri"] == path.as_uri())
        before, _, last = text.rpartition("\n")
        position = {"line": before.count("\n") + 1, "character": len(last)}
        return self.ask(f"textDocument/{question}", {"textDocument": {"uri": path.as_uri()}, "position": position})


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    folder = tmp_path_factory.mktemp("editor")
    write_files(folder, {})
    opened = Editor(folder)
    yield opened
    opened.close()


def offered(editor: Editor, text: str) -> dict[str, str]:
    """Return what is offered at the end of a text, each with what it means."""
    answer = editor.at_end(f"#:schema ./{SCHEMAS['project']}\n\n{text}", "completion")
    items = answer["items"] if isinstance(answer, dict) else answer or []
    return {item["label"]: item.get("documentation", {}).get("value", "") for item in items}


def keys_in(table: str) -> set[str]:
    """Return the names that can stand in a table of settings."""
    start = f"{table}." if table else ""
    return {row.key.removeprefix(start).partition(".")[0] for row in settings_table() if row.key.startswith(start)}


@pytest.mark.parametrize("table", ["", "reload", "debugger", "browser", "tls", "wsgi"])
@pytest.mark.parametrize("top", ["base", "profiles.web"])
def test_every_key_is_offered_with_its_help(editor: Editor, top: str, table: str) -> None:
    found = offered(editor, f"[{'.'.join(filter(None, (top, table)))}]\n")
    assert keys_in(table) - set(found) == set()
    helps = {row.key.rpartition(".")[2]: row.help for row in settings_table() if row.key.rpartition(".")[0] == table}
    assert {name: found[name] for name, text in helps.items() if text not in found[name]} == {}


@pytest.mark.parametrize("key", [row.key for row in settings_table() if row.choices])
def test_every_choice_is_offered(editor: Editor, key: str) -> None:
    found = offered(editor, f"[base]\n{key} = ")
    assert {f'"{choice}"' for choice in by_key()[key].choices} - set(found) == set()


@pytest.mark.parametrize("row", settings_table(), ids=lambda row: row.key)
def test_what_a_key_means_is_told(editor: Editor, row: Setting) -> None:
    line = f"{row.key} = {toml(row.default)}"
    answer = editor.at_end(f"#:schema ./{SCHEMAS['project']}\n\n[base]\n{line}", "hover")
    assert row.help in answer["contents"]["value"]
