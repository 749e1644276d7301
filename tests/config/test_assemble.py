"""What goes into which layer."""

from __future__ import annotations

import os

import pytest

from launcher.config import assemble
from launcher.config.layer import Entry, Layer, Origin, Source
from launcher.config.reading import Sources
from launcher.config.resolve import Given
from launcher.config.selection import Table
from launcher.config.sources.files import Document, Project
from launcher.config.sources.pairs import Pair
from launcher.config.stack import merge


def table(name: str, source: Source = Source.PROFILE, **values: object) -> Table:
    return Table(name, values, Origin(source, "/p/devserver.toml", ("profiles", name), profile=name))


def test_file_layers_in_order() -> None:
    sources = Sources(
        Project("/p"),
        Document("/p/devserver.toml", {"base": {"port": 1}}),
        Document("/p/devserver.local.toml", {"base": {"port": 4}}),
        profiles={"a": table("a", extends="b", description="x", port=2), "b": table("b", port=3)},
        local={"a": table("a", Source.LOCAL_PROFILE, port=5), "b": table("b", Source.LOCAL_PROFILE, port=6)},
    )
    layers, findings = assemble.file_layers(sources, "a", ("b", "a"))
    assert findings == []
    assert [layer.source for layer in layers] == [
        Source.DEFAULT,
        Source.BASE,
        Source.PROFILE,
        Source.PROFILE,
        Source.LOCAL_BASE,
        Source.LOCAL_PROFILE,
    ]
    assert [[entry.value for entry in layer.entries] for layer in layers[1:]] == [[1], [3], [2], [4], [5]]


def test_description_extends_and_unset_are_no_settings() -> None:
    layer = assemble.profile_layer(table("a", extends="b", description="x", unset=["tls", "env.A.B"], port=2))
    assert [(entry.key, entry.unset) for entry in layer.entries] == [
        (("tls",), True),
        (("env", "A.B"), True),
        (("port",), False),
    ]
    assert layer.entries[0].origin.path == ("profiles", "a", "unset", "0")


@pytest.mark.parametrize("unset", ["tls", 3, ["tls", 3]])
def test_unset_of_a_wrong_type(unset: object) -> None:
    sources = Sources(Project("/p"), Document("/p/devserver.toml", {"base": {"unset": unset}}))
    _, (finding,) = assemble.file_layers(sources, "", ())
    assert (finding.slug, finding.message) == ("wrong-type", "`unset` must be a list of keys")


def test_unset_of_an_unknown_key() -> None:
    sources = Sources(Project("/p"), profiles={"a": table("a", unset=["tsl"])})
    _, (finding,) = assemble.file_layers(sources, "a", ("a",))
    assert (finding.slug, finding.hint) == ("unknown-key", "did you mean `tls`?")


def test_base_that_is_no_table_is_told_elsewhere() -> None:
    sources = Sources(Project("/p"), Document("/p/devserver.toml", {"base": 3}))
    layers, findings = assemble.file_layers(sources, "", ())
    assert (layers[1].entries, findings) == ((), [])


@pytest.mark.parametrize(
    ("names", "profile", "files"),
    [
        pytest.param(["/p/.env"], "", [".flaskenv", ".env", ".env.local"], id="no-profile"),
        pytest.param(["/p/.env"], "x", [".flaskenv", ".env", ".env.x", ".env.local", ".env.x.local"], id="profile"),
        pytest.param(
            ["/p/a", "/p/b"], "", [".flaskenv", "a", "b", "a.local", "b.local"], id="local-files-of-all-come-last"
        ),
        pytest.param([], "x", [], id="none"),
    ],
)
def test_env_file_names(names: list[str], profile: str, files: list[str]) -> None:
    assert assemble.env_file_names("/p", names, profile) == [os.path.join("/p", name) for name in files]


def env_layer(**pairs: str) -> tuple[dict[str, object], list[str]]:
    found = [Pair(name, text, Origin(Source.ENV_FILE, "/p/.env", name=name, text=text)) for name, text in pairs.items()]
    layer, findings = assemble.env_file_layer("/p/.env", found, debug_decided=False)
    return {".".join(entry.key): entry.value for entry in layer.entries}, [finding.slug for finding in findings]


@pytest.mark.parametrize(
    ("pairs", "entries", "slugs"),
    [
        pytest.param({"A": "1"}, {"env.A": "1"}, [], id="app-variable"),
        pytest.param({"LAUNCH_PORT": "1"}, {"port": 1}, [], id="our-setting"),
        pytest.param(
            {"FLASK_RUN_PORT": "1"}, {"port": 1, "env.FLASK_RUN_PORT": "1"}, [], id="flasks-setting-is-for-the-app-too"
        ),
        pytest.param(
            {"FLASK_RUN_PORT": "1", "LAUNCH_PORT": "2"},
            {"port": 2, "env.FLASK_RUN_PORT": "1"},
            [],
            id="ours-over-flasks",
        ),
        pytest.param({"FLASK_DEBUG": "0"}, {"debug": False}, [], id="debug-is-derived-for-the-app"),
        pytest.param({"LAUNCH_PROT": "1"}, {}, ["env-unknown"], id="unknown"),
        pytest.param({"LAUNCH_PROFILE": "x"}, {}, ["env-selector"], id="profile"),
        pytest.param({"LAUNCH_CONFIG": "x"}, {}, ["env-selector"], id="config"),
        pytest.param({"LAUNCH_ENV_FILES": "x"}, {"env-files": ("x",)}, ["env-selector"], id="env-files"),
    ],
)
def test_env_file_layer(pairs: dict[str, str], entries: dict[str, object], slugs: list[str]) -> None:
    assert env_layer(**pairs) == (entries, slugs)


def test_outer_layers_in_order() -> None:
    flags = [Given("port", "--port", "3")]
    layers, findings = assemble.outer_layers(flags, ["port=4", "port=5"], [], {"LAUNCH_PORT": "2"})
    assert findings == []
    assert [[entry.value for entry in layer.entries] for layer in layers] == [[2], [3], [4], [5]]
    assert merge(layers).history[("port",)].winner.origin.text == "port=5"


def test_flask_layer() -> None:
    layer = assemble.flask_layer({"FLASK_RUN_PORT": "1", "OTHER": "x"}, debug_decided=False)
    assert [(entry.key, entry.value, entry.origin.name) for entry in layer.entries] == [
        (("port",), 1, "FLASK_RUN_PORT")
    ]


def test_outer_layers_tell_what_is_wrong() -> None:
    _, findings = assemble.outer_layers([], ["host=x"], ["prt"], {"LAUNCH_PROT": "1"})
    assert [finding.slug for finding in findings] == ["env-unknown", "unknown-key", "set-syntax"]


@pytest.mark.parametrize(
    ("flags", "entries"),
    [
        pytest.param([("port", "8000")], {("port",): 8000}, id="number"),
        pytest.param([("debug", "false")], {("debug",): False}, id="switch"),
        pytest.param([("port", "1"), ("port", "2")], {("port",): 2}, id="last-one-counts"),
        pytest.param(
            [("reload.include", "a"), ("reload.include", "b,c")],
            {("reload", "include"): ("a", "b", "c")},
            id="list-grows",
        ),
        pytest.param([("env.A", "1")], {("env", "A"): "1"}, id="app-variable"),
        pytest.param([("wsgi.static", '{"/s": "x"}')], {("wsgi", "static", "/s"): "x"}, id="map"),
    ],
)
def test_flag_layer(flags: list[tuple[str, str]], entries: dict[tuple[str, ...], object]) -> None:
    layer = assemble.flag_layer([Given(key, "--x", text) for key, text in flags], [])
    assert dict(merge([layer]).values) == entries


def test_unset_flags_come_below_other_flags() -> None:
    layer = assemble.flag_layer([Given("tls.cert", "--cert", "c")], ["tls"])
    assert dict(merge([layer]).values) == {("tls", "cert"): "c"}


def test_shell_comes_right_below_the_flags() -> None:
    known = Layer(Source.BASE, "", (Entry(("env", "A"), "base", Origin(Source.BASE)),))
    flags = Layer(Source.COMMAND_LINE, "", ())
    layers = assemble.with_shell([known, flags], {"A": "shell", "B": "unknown"})
    assert [layer.title for layer in layers] == ["", "shell", ""]
    assert [(entry.key, entry.value) for entry in layers[1].entries] == [(("env", "A"), "shell")]


def derived(**values: object) -> dict[str, object]:
    given = tuple(
        Entry(tuple(key.replace("_", ".").split(".")), value, Origin(Source.BASE)) for key, value in values.items()
    )
    layer = assemble.derived_layer(merge([assemble.default_layer(), Layer(Source.BASE, "", given)]))
    return {".".join(entry.key): entry.value for entry in layer.entries}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param({}, {"reload.enabled": True, "debugger.enabled": True}, id="debug-turns-both-on"),
        pytest.param(
            {"debug": False}, {"reload.enabled": False, "debugger.enabled": False}, id="no-debug-turns-both-off"
        ),
        pytest.param({"debug": False, "reload_enabled": True}, {"debugger.enabled": False}, id="what-is-written-stays"),
        pytest.param({"reload_enabled": True, "debugger_enabled": True}, {}, id="both-written"),
        pytest.param(
            {"processes": 4},
            {"reload.enabled": True, "debugger.enabled": True, "threads": False},
            id="processes-turn-threads-off",
        ),
        pytest.param(
            {"processes": 4, "threads": True}, {"reload.enabled": True, "debugger.enabled": True}, id="threads-written"
        ),
    ],
)
def test_derived(values: dict[str, object], expected: dict[str, object]) -> None:
    assert derived(**values) == expected


def test_unset_switch_is_derived_again() -> None:
    origin = Origin(Source.PROFILE)
    layers = [
        assemble.default_layer(),
        Layer(Source.BASE, "", (Entry(("reload", "enabled"), False, origin),)),
        Layer(Source.PROFILE, "", (Entry(("reload",), None, origin, unset=True),)),
    ]
    assert {".".join(entry.key) for entry in assemble.derived_layer(merge(layers)).entries} == {
        "reload.enabled",
        "debugger.enabled",
    }
