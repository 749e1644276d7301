"""Makes small projects that do what real ones do while they are imported, from a random number generator.

Every module begins with a number of its own, so that whatever is imported from it in a circle exists already.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

Tree = dict[str, str]
"""What a project holds: path -> text; a text that begins with `-> ` stands for a symbolic link."""

LINK = "-> "

LIBRARIES: Tree = {
    "libone.py": "import os\nimport libtwo\nMODE = os.environ.get('APP_MODE')\nSEEN = os.environ.get('APP_SET_1')\n"
    "HERE = os.path.basename(os.getcwd())\nPLACE = libtwo.register('libone')\n",
    "libtwo.py": "REGISTRY = []\ndef register(name):\n    REGISTRY.append(name)\n    return len(REGISTRY)\n",
    "libthree/__init__.py": "import sys\nfrom . import inner\nDEPTH = len([p for p in sys.path if 'site-packages' not in p])\n"
    "def setup():\n    import libfour\n    return libfour.NAME\n",
    "libthree/inner.py": "import textwrap\nSHORTEN = textwrap.shorten\n",
    "libfour.py": "import libone\nNAME = 'four'\nMODE = libone.MODE\ntry:\n    import local_settings\n"
    "    LOCAL = local_settings.VALUE\nexcept ImportError:\n    LOCAL = None\n",
    "libfive.py": "try:\n    import libfive_speedups\nexcept ImportError:\n    libfive_speedups = None\nSTATE = {}\n",
}


@dataclass
class World:
    """What the project holds now, as the generator of code sees it."""

    rng: random.Random
    modules: list[str] = field(default_factory=list)
    packages: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)

    def module(self) -> str:
        """Return the name of a module that is there, or seldom of one that is not."""
        if not self.modules or self.rng.random() < 0.03:
            return f"absent{self.rng.randrange(4)}"
        return self.rng.choice(self.modules)

    def number(self) -> int:
        """Return a number of two digits, so that texts keep their size."""
        return self.rng.randrange(10, 100)


def short(name: str) -> str:
    return name.replace(".", "_")


def _value(w: World) -> str:
    return f"V{w.rng.randrange(5)} = {w.number()}"


def _import(w: World) -> str:
    return f"import {w.module()}"


def _import_as(w: World) -> str:
    name = w.module()
    return f"import {name} as alias_{short(name)}"


def _from_import(w: World) -> str:
    name = w.module()
    return f"from {name} import VALUE as value_of_{short(name)}"


def _from_package(w: World) -> str:
    package, _, last = w.module().rpartition(".")
    return f"from {package} import {last}" if package else f"import {last}"


def _star(w: World) -> str:
    return f"from {w.module()} import *"


def _optional(w: World) -> str:
    names = ["local_settings", "opt_a", "opt_b.inner", "speedups", "libone_extra", w.module()]
    name = w.rng.choice(names)
    return f"try:\n    import {name} as maybe_{short(name)}\nexcept ImportError:\n    maybe_{short(name)} = None"


def _optional_from(w: World) -> str:
    name = w.rng.choice(["local_settings", "opt_a", "settings_local", "core.local"])
    return f"try:\n    from {name} import *\nexcept ImportError as error:\n    WHY_NOT = str(error)"


def _relative(w: World) -> str:
    return f"from . import {w.module().rpartition('.')[2]}"


def _register(w: World) -> str:
    return f"import registry\nregistry.ITEMS.append((__name__, {w.number()}))"


def _register_library(w: World) -> str:
    return f"import libtwo\nRANK = libtwo.register(__name__ + '{w.number()}')"


def _library(w: World) -> str:
    name = w.rng.choice(["libone", "libtwo", "libthree", "libthree.inner", "libfour", "libfive"])
    return f"import {name}\nlib_{short(name)} = {name}"


def _library_setup(w: World) -> str:
    return "import libthree\nSETUP = libthree.setup()"


def _library_state(w: World) -> str:
    return f"import libfive\nlibfive.STATE[__name__] = {w.number()}"


def _data(w: World) -> str:
    name = w.rng.choice(w.data or ["data/none.txt"])
    return f"with open(os.path.join(ROOT, {name!r})) as file:\n    DATA = file.read()"


def _data_relative(w: World) -> str:
    name = w.rng.choice([*w.data, "data/none.txt"])
    return (
        f"try:\n    DATA_HERE = open({name!r}).read()\nexcept OSError as error:\n    DATA_HERE = type(error).__name__"
    )


def _data_path(w: World) -> str:
    name = w.rng.choice([*w.data, "data/none.txt"])
    return (
        f"import pathlib\nFILE = pathlib.Path(ROOT) / {name!r}\nDATA_PATH = FILE.read_text() if FILE.exists() else None"
    )


def _exists(w: World) -> str:
    name = w.rng.choice(["local.flag", "data/flag", "local_settings.py", "opt_a.py", "newfolder"])
    test = w.rng.choice(["exists", "isfile", "isdir"])
    return f"FLAG_{w.rng.randrange(3)} = os.path.{test}(os.path.join(ROOT, {name!r}))"


def _exec(w: World) -> str:
    name = w.rng.choice(["config.cfg", "data/conf.cfg"])
    return (
        f"CONFIG = {{}}\nwith open(os.path.join(ROOT, {name!r}), 'rb') as file:\n"
        "    exec(compile(file.read(), 'config', 'exec'), CONFIG)\nCONFIG.pop('__builtins__')"
    )


def _json(w: World) -> str:
    return "import json\ntry:\n    TABLE = json.load(open(os.path.join(ROOT, 'data', 'table.json')))\nexcept (OSError, ValueError) as error:\n    TABLE = type(error).__name__"


def _environment(w: World) -> str:
    name = w.rng.choice(["APP_MODE", "APP_TOML", "APP_SET_1", "APP_SET_2", "APP_NEW"])
    return f"ENV_{name} = os.environ.get({name!r}, 'none')"


def _set_environment(w: World) -> str:
    way = w.rng.choice(["os.environ[{0!r}] = {1!r}", "os.environ.setdefault({0!r}, {1!r})"])
    return way.format(f"APP_SET_{w.rng.randrange(3)}", str(w.number()))


def _path(w: World) -> str:
    where = w.rng.choice(["insert(0, {})", "append({})"])
    return (
        f"sys.path.{where.format('os.path.join(ROOT, ' + repr(w.rng.choice(['extra', 'vendored', 'current'])) + ')')}"
    )


def _extra(w: World) -> str:
    name = w.rng.choice(["extra_mod", "vendored_mod", "release_mod", "extra_pkg.part"])
    return f"try:\n    import {name} as extra_{short(name)}\nexcept ImportError:\n    extra_{short(name)} = None"


def _patch(w: World) -> str:
    owner, name = w.rng.choice([("textwrap", "shorten"), ("string", "capwords"), ("libtwo", "register")])
    return (
        f"import {owner}\n_original = {owner}.{name}\ndef _patched(*args, **kwargs):\n"
        f"    return _original(*args, **kwargs)\n{owner}.{name} = _patched"
    )


def _chdir(w: World) -> str:
    return f"os.chdir(os.path.join(ROOT, {w.rng.choice(['data', '.', 'core'])!r}))"


def _by_name(w: World) -> str:
    return f"import importlib\nBY_NAME = importlib.import_module({w.module()!r}).VALUE"


def _plugins_listdir(w: World) -> str:
    return (
        "import importlib\nPLUGINS = []\nfor entry in sorted(os.listdir(os.path.join(ROOT, 'plugins'))):\n"
        "    if entry.endswith('.py') and entry != '__init__.py':\n"
        "        PLUGINS.append(importlib.import_module('plugins.' + entry[:-3]).VALUE)"
    )


def _plugins_pkgutil(w: World) -> str:
    return (
        "import pkgutil, importlib, plugins\nFOUND = [info.name for info in pkgutil.iter_modules(plugins.__path__, 'plugins.')]\n"
        "LAST = importlib.import_module(sorted(FOUND)[-1]).VALUE if FOUND else None"
    )


def _listing(w: World) -> str:
    return w.rng.choice(
        [
            "import glob\nLISTED = sorted(glob.glob(os.path.join(ROOT, 'data', '*.txt')))",
            "import pathlib\nLISTED = sorted(str(p) for p in pathlib.Path(ROOT, 'data').iterdir())",
            "LISTED = sorted(os.listdir(os.path.join(ROOT, 'data')))",
            "LISTED = [sorted(files) for _, _, files in os.walk(os.path.join(ROOT, 'data'))]",
            "with os.scandir(os.path.join(ROOT, 'data')) as _entries:\n    LISTED = sorted(e.name for e in _entries)",
            "import pathlib\nLISTED = sorted(str(p) for p in pathlib.Path(ROOT, 'data').rglob('*.txt'))",
            "try:\n    LISTED = sorted(os.listdir(os.path.join(ROOT, 'newfolder')))\nexcept OSError:\n    LISTED = None",
        ]
    )


def _package_path(w: World) -> str:
    return "import core\ncore.__path__.append(os.path.join(ROOT, 'more'))\ntry:\n    from core import appended\nexcept ImportError:\n    appended = None"


def _extend_path(w: World) -> str:
    return "import pkgutil\n__path__ = pkgutil.extend_path(globals().get('__path__', []), __name__)"


def _lazy(w: World) -> str:
    return f"import registry\nregistry.LAZY.append({w.module()!r})"


def _function_import(w: World) -> str:
    name = w.module()
    return f"def later_{w.rng.randrange(3)}():\n    from {name} import VALUE\n    return VALUE\nLATER = later_{0}() if 'later_0' in globals() else None"


def _getattr(w: World) -> str:
    return (
        "def __getattr__(name):\n    if name != 'computed':\n        raise AttributeError(name)\n    import importlib\n"
        + (f"    return importlib.import_module({w.module()!r}).VALUE")
    )


def _computed(w: World) -> str:
    name = w.module()
    return f"import {name} as asked_{short(name)}\nCOMPUTED = getattr(asked_{short(name)}, 'computed', None)"


def _resource(w: World) -> str:
    return w.rng.choice(
        [
            "import pkgutil\ntry:\n    RESOURCE = pkgutil.get_data('core', 'data.txt')\nexcept OSError:\n    RESOURCE = None",
            "import importlib.resources\ntry:\n    RESOURCE = importlib.resources.files('core').joinpath('data.txt').read_text()\n"
            "except OSError:\n    RESOURCE = None",
        ]
    )


def _by_file(w: World) -> str:
    return (
        "import importlib.util\n_spec = importlib.util.spec_from_file_location('by_file', os.path.join(ROOT, 'loose', 'task.py'))\n"
        "by_file = importlib.util.module_from_spec(_spec)\n_spec.loader.exec_module(by_file)\nBY_FILE = by_file.VALUE"
    )


def _run_path(w: World) -> str:
    return "import runpy\nRUN = runpy.run_path(os.path.join(ROOT, 'loose', 'task.py'))['VALUE']"


def _find_spec(w: World) -> str:
    name = w.rng.choice(["opt_a", "speedups", "local_settings", w.module().partition(".")[0]])
    return f"import importlib.util\nHAS_{short(name)} = importlib.util.find_spec({name!r}) is not None"


def _reload(w: World) -> str:
    return "import importlib, registry\nregistry.LOADS = getattr(registry, 'LOADS', 0) + 1\nimportlib.reload(registry)"


def _forget(w: World) -> str:
    name = w.module()
    return f"sys.modules.pop({name!r}, None)\nimport {name}"


def _alias(w: World) -> str:
    return f"sys.modules['alias_{w.rng.randrange(3)}'] = sys.modules[__name__]"


def _class(w: World) -> str:
    return (
        f"class Model{w.rng.randrange(3)}:\n    limit = {w.number()}\n    def name(self):\n        return {w.number()}"
    )


def _link(w: World) -> str:
    return "LINKED = open(os.path.join(ROOT, 'current', 'release.txt')).read()"


def _config_parser(w: World) -> str:
    return "import configparser\n_parser = configparser.ConfigParser()\nREAD = _parser.read([os.path.join(ROOT, 'a.ini'), os.path.join(ROOT, 'b.ini')])\nINI = {s: dict(_parser[s]) for s in _parser.sections()}"


def _linecache(w: World) -> str:
    return "import inspect\nTEXT = len(inspect.getsource(sys.modules[__name__]))"


def _seeded(w: World) -> str:
    return w.rng.choice(
        [
            f"import random\nrandom.seed({w.number()})",
            "import registry\nregistry.ITEMS.append(__import__('random').Random(5).random())",
        ]
    )


STATEMENTS: list[tuple[Callable[[World], str], int]] = [
    (_value, 8), (_import, 8), (_import_as, 4), (_from_import, 10), (_from_package, 5), (_star, 3), (_optional, 3),
    (_optional_from, 2), (_relative, 1), (_register, 6), (_register_library, 2), (_library, 4), (_library_setup, 1),
    (_library_state, 2), (_data, 3), (_data_relative, 2), (_data_path, 2), (_exists, 2), (_exec, 2), (_json, 1),
    (_environment, 3), (_set_environment, 2), (_path, 1), (_extra, 2), (_patch, 1), (_chdir, 1), (_by_name, 3),
    (_plugins_listdir, 1), (_plugins_pkgutil, 1), (_listing, 2), (_package_path, 1), (_extend_path, 1), (_lazy, 3),
    (_function_import, 3), (_getattr, 1), (_computed, 1), (_resource, 1), (_by_file, 1), (_run_path, 1),
    (_find_spec, 1), (_reload, 1), (_forget, 1), (_alias, 1), (_class, 3), (_link, 1), (_config_parser, 1),
    (_linecache, 1), (_seeded, 1),
]  # fmt: skip


def module_text(w: World, statements: int | None = None) -> str:
    """Return the text of a module."""
    count = w.rng.randrange(0, 6) if statements is None else statements
    kinds = w.rng.choices([kind for kind, _ in STATEMENTS], [weight for _, weight in STATEMENTS], k=count)
    head = f"import os, sys\nfrom root import ROOT\nVALUE = {w.number()}\n"
    return head + "".join(f"{kind(w)}\n" for kind in kinds)


def entry_text(w: World) -> str:
    """Return the text of the module that holds the app."""
    early = w.rng.sample(w.modules, min(len(w.modules), w.rng.randrange(2, 5)))
    late = w.rng.sample(w.modules, min(len(w.modules), w.rng.randrange(1, 4)))
    lines = [
        "import dump_of_state",
        *w.rng.sample(["import libone", "import libthree", "import libfour", "from libfive import STATE"], 2),
        "import os, sys",
        "import registry",
        "from root import ROOT",
        f"VALUE = {w.number()}",
        *(f"import {name}" for name in early),
        "def create_app():",
        *(f"    from {name} import VALUE as value_{number}" for number, name in enumerate(late)),
        f"    views = [{', '.join(f'value_{number}' for number in range(len(late)))}]",
        "    return dump_of_state.make_app(ROOT, registry.LAZY, [views, registry.ITEMS])",
    ]
    if w.rng.random() < 0.3:
        lines.append("app = create_app()")
    return "\n".join(lines) + "\n"


ROOT_TEXT = "import os\nROOT = os.path.dirname(os.path.abspath(__file__))\n"
REGISTRY_TEXT = "ITEMS = []\nLAZY = []\nVALUE = 10\n"


def world_of(tree: Tree, rng: random.Random) -> World:
    """Return what code may refer to in *tree*."""
    w = World(rng)
    for path in sorted(tree):
        if tree[path].startswith(LINK):
            continue
        if (
            path.endswith(".py")
            and path not in ("app.py", "root.py")
            and not path.startswith(("loose/", "more/", "rel_"))
        ):
            name = path.removesuffix(".py").replace("/", ".")
            for folder in ("extra.", "vendored."):
                name = name.removeprefix(folder)
            w.modules.append(name.removesuffix(".__init__"))
        elif path.endswith(".txt"):
            w.data.append(path)
    w.modules = [name for name in w.modules if name]
    return w


def project(rng: random.Random) -> Tree:
    """Return a whole project."""
    names = [*(f"mod_{letter}" for letter in "abcde"[: rng.randrange(2, 6)]), "core/__init__", "registry"]
    names += [f"core/{name}" for name in ("models", "views", "local")[: rng.randrange(1, 4)]]
    names += rng.sample(["web/__init__", "web/routes", "web/api/__init__", "web/api/v1", "space/one", "space/two"], 4)
    names += ["plugins/__init__"] if rng.random() < 0.5 else []
    names += [f"plugins/p{number}" for number in range(rng.randrange(1, 4))]
    names += ["extra/extra_mod", "vendored/vendored_mod", "more/appended", "loose/task"]
    tree: Tree = {
        "root.py": ROOT_TEXT,
        "data/a.txt": "alpha",
        "data/b.txt": "beta!",
        "core/data.txt": "core",
        "config.cfg": "LIMIT = 10\n",
        "data/conf.cfg": "LIMIT = 20\n",
        "data/table.json": '{"a": 1}',
        "a.ini": "[one]\nk = 1\n",
        "rel_1/release.txt": "first",
        "rel_2/release.txt": "other",
        "rel_1/release_mod.py": "VALUE = 1\nFROM_PROJECT = 1\n",
        "rel_2/release_mod.py": "VALUE = 2\nFROM_PROJECT = 1\n",
        "current": f"{LINK}rel_1",
        ".env": "APP_MODE=m10\n",
        "devserver.toml": '[base]\napp = "app"\nenv.APP_TOML = "t10"\n',
    }
    paths = [f"{name}.py" for name in names]
    stub: Tree = dict.fromkeys(paths, "")
    w = world_of(tree | stub, rng)
    for path in paths:
        tree[path] = REGISTRY_TEXT if path == "registry.py" else module_text(w)
    tree["app.py"] = entry_text(w)
    return tree
