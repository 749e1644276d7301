"""What people and tools do to a project while a server runs: small changes, moves, mistakes, and whole branches."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.differential.generate import LINK, Tree, World, entry_text, module_text, world_of

FIXED = ("root.py",)


def read(root: Path) -> Tree:
    """Return what the project holds now, without caches."""
    tree: Tree = {}
    for folder, below, files in os.walk(root):
        below[:] = sorted(name for name in below if name not in ("__pycache__", ".git"))
        for name in (*below, *files):
            path = Path(folder, name)
            if path.is_symlink():
                tree[str(path.relative_to(root))] = LINK + os.readlink(path)
            elif name in files:
                tree[str(path.relative_to(root))] = path.read_text(errors="replace")
        below[:] = [name for name in below if not Path(folder, name).is_symlink()]
    return dict(sorted(tree.items()))


def bring(root: Path, wanted: Tree, write: Callable[[Path, str], None]) -> None:
    """Make the project hold what is *wanted*, and remove folders that are empty then."""
    now = read(root)
    for name in now.keys() - wanted.keys():
        (root / name).unlink(missing_ok=True)
    for name, text in wanted.items():
        if now.get(name) != text:
            write(root / name, text)
    for folder, below, files in os.walk(root, topdown=False):
        if not files and all(name == "__pycache__" for name in below) and Path(folder) != root and ".git" not in folder:
            shutil.rmtree(folder, ignore_errors=True)


def save(path: Path, text: str) -> None:
    """Save by a rename, as editors do."""
    _make_room(path)
    if text.startswith(LINK):
        draft = path.with_name(path.name + ".new~")
        draft.symlink_to(text.removeprefix(LINK))
    else:
        draft = path.with_name(path.name + "~")
        draft.write_text(text)
    os.replace(draft, path)


def save_in_place(path: Path, text: str) -> None:
    """Save by writing over the file."""
    if text.startswith(LINK):
        save(path, text)
        return
    _make_room(path)
    path.write_text(text)


def save_by_halves(path: Path, text: str) -> None:
    """Save by truncating, and write the rest a moment later."""
    if text.startswith(LINK):
        save(path, text)
        return
    _make_room(path)
    with path.open("w") as file:
        file.write(text[: len(text) // 2])
        file.flush()
        time.sleep(0.005)
        file.write(text[len(text) // 2 :])


def _make_room(path: Path) -> None:
    """Make the folders above, and take away a folder or a link that stands where the file is to be."""
    for folder in reversed(path.parents):
        if folder.is_file():
            folder.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)


WAYS = (save, save, save_in_place, save_in_place, save_by_halves)


@dataclass
class Editor:
    """Edits the project in `root` by the numbers of `rng`. `done` tells what was done."""

    root: Path
    rng: random.Random
    done: list[str] = field(default_factory=list)
    history: list[Tree] = field(default_factory=list)
    below: str = ""
    """The module that was changed below its imports last."""

    def edit(self) -> str:
        """Do something; return what, in words."""
        kinds, weights = zip(*KINDS, strict=True)
        while True:
            (kind,) = self.rng.choices(kinds, weights)
            told = kind(self)
            if told:
                self.done.append(f"{kind.__name__.strip('_')}: {told}")
                return self.done[-1]

    def remember(self) -> None:
        """Keep the project as it is: it can be imported like this."""
        self.history.append(read(self.root))
        del self.history[:-8]

    def repair(self) -> str:
        """Go back to what could be imported last."""
        self._bring(self.history[-1])
        self.done.append("repair: all")
        return self.done[-1]

    def _bring(self, tree: Tree) -> None:
        bring(self.root, tree, self._write)

    def _write(self, path: Path, text: str) -> None:
        self.rng.choice(WAYS)(path, text)

    def put(self, name: str, text: str) -> str:
        self._write(self.root / name, text)
        return name

    def world(self) -> World:
        return world_of(read(self.root), self.rng)

    def modules(self) -> list[str]:
        return [name for name in read(self.root) if name.endswith(".py") and name not in FIXED]

    def plain(self) -> list[str]:
        """Return the modules whose disappearance is not the end of everything."""
        return [name for name in self.modules() if name not in ("app.py", "registry.py")]

    def packages(self) -> list[str]:
        found = {os.path.dirname(name) for name in self.plain()}
        return sorted(name for name in found if name and not name.startswith("rel_"))


def _bumped(text: str, rng: random.Random) -> str:
    """Return *text* with another number in one of its lines; of the same size."""
    lines = text.split("\n")
    places = [number for number, line in enumerate(lines) if "= " in line and line.rstrip()[-2:].isdigit()]
    if not places:
        return text
    place = rng.choice(places)
    line = lines[place].rstrip()
    lines[place] = line[:-2] + str(rng.randrange(10, 100))
    return "\n".join(lines)


def _change(e: Editor) -> str:
    name = e.rng.choice(e.modules())
    return e.put(name, _bumped((e.root / name).read_text(), e.rng))


def _change_late(e: Editor) -> str:
    """Change the same file again and again, as people do."""
    name = e.modules()[e.rng.randrange(len(e.modules())) % 3]
    return e.put(name, _bumped((e.root / name).read_text(), e.rng))


def _change_with_old_time(e: Editor) -> str:
    """Change a file, and give it its old time: the edit of the same second that bytecode does not see."""
    name = e.rng.choice(e.modules())
    path = e.root / name
    status = path.stat()
    path.write_text(_bumped(path.read_text(), e.rng))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    return name


def _rewrite(e: Editor) -> str:
    name = e.rng.choice(e.plain())
    return e.put(name, module_text(e.world()))


def _add_statement(e: Editor) -> str:
    name = e.rng.choice(e.plain())
    more = module_text(e.world(), e.rng.randrange(1, 3)).split("\n", 2)[2]
    return e.put(name, (e.root / name).read_text() + more)


def _change_below(e: Editor) -> str:
    """Change what stands below an import of a module, often of the same one as before."""
    names = e.modules()
    if e.below not in names or e.rng.random() < 0.3:
        e.below = "app.py" if e.rng.random() < 0.5 else e.rng.choice(names)
    lines = (e.root / e.below).read_text().split("\n")
    places = [number for number, line in enumerate(lines, 1) if line.startswith(("import ", "from "))]
    if not places:
        return ""
    place = e.rng.choice((places[-1], e.rng.choice(places)))
    above, below = lines[:place], lines[place:]
    more = module_text(e.world(), 1).split("\n")[3:-1]
    way = e.rng.randrange(4)
    if way == 0:
        below = _bumped("\n".join(below), e.rng).split("\n")
    elif way == 1:
        below = [*more, *below]
    elif way == 2:
        below = [*below[:-1], *more, ""]
    else:
        below = [line for line in below if not line.startswith(f"V{e.rng.randrange(5)} ")]
    return e.put(e.below, "\n".join([*above, *below]))


def _library(e: Editor) -> str:
    """Import a library where it was not, or no more."""
    name = e.rng.choice(["app.py", *e.plain()])
    lines = (e.root / name).read_text().splitlines()
    wanted = e.rng.choice(
        ["import libone", "import libthree.inner", "from libthree import inner", "import libfour", "import libtwo"]
    )
    if wanted in lines:
        lines.remove(wanted)
    else:
        lines.insert(e.rng.randrange(min(len(lines), 4) + 1), wanted)
    return e.put(name, "\n".join(lines) + "\n")


def _rewrite_entry(e: Editor) -> str:
    return e.put("app.py", entry_text(e.world()))


def _add(e: Editor) -> str:
    names = ["opt_a", "opt_b/inner", "opt_b/__init__", "local_settings", "settings_local", "speedups", "libone_extra"]
    names += ["core/local", "core/views", "plugins/p9", "plugins/a0", "space/three", "web/late", "extra/extra_pkg/part"]
    names += ["libfive_speedups", "absent0", "absent1/__init__", "more/appended", "newfolder/file", "newfolder/sub/x"]
    name = e.rng.choice(names) + ".py"
    return "" if (e.root / name).exists() else e.put(name, module_text(e.world(), e.rng.randrange(3)))


def _delete(e: Editor) -> str:
    name = e.rng.choice(e.plain())
    (e.root / name).unlink()
    return name


def _delete_package(e: Editor) -> str:
    name = e.rng.choice(e.packages())
    shutil.rmtree(e.root / name)
    return name


def _rename(e: Editor) -> str:
    name = e.rng.choice(e.plain())
    other = f"{os.path.dirname(name)}/renamed_{e.rng.randrange(3)}.py".lstrip("/")
    os.replace(e.root / name, e.root / other)
    return f"{name} to {other}"


def _swap(e: Editor) -> str:
    """Exchange two modules."""
    if len(e.plain()) < 2:
        return ""
    one, two = e.rng.sample(e.plain(), 2)
    os.replace(e.root / one, e.root / "swap~")
    os.replace(e.root / two, e.root / one)
    os.replace(e.root / "swap~", e.root / two)
    return f"{one} and {two}"


def _move(e: Editor) -> str:
    name, package = e.rng.choice(e.plain()), e.rng.choice([*e.packages(), ""])
    other = f"{package}/{os.path.basename(name)}".lstrip("/")
    if other in ("app.py", "root.py", "registry.py", "__init__.py"):
        return ""
    os.replace(e.root / name, e.root / other)
    return f"{name} to {other}"


def _rename_package(e: Editor) -> str:
    """Rename a folder; next time, rename it back."""
    name = e.rng.choice(e.packages())
    other = name.removesuffix("_away") if name.endswith("_away") else f"{name}_away"
    if (e.root / other).exists():
        return ""
    os.replace(e.root / name, e.root / other)
    return f"{name} to {other}"


def _shadow(e: Editor) -> str:
    """Put a package beside a module of the same name, or a module of a library's name into the project."""
    if e.rng.random() < 0.3:
        name = e.rng.choice(["libone.py", "libfour.py", "libfive.py", "libtwo/__init__.py"])
        text = "VALUE = 1\nNAME = MODE = 'shadow'\nSTATE = {}\nREGISTRY = []\ndef register(name):\n    return name\n"
        return e.put(name, text)
    top = [name for name in e.plain() if not name.endswith("__init__.py")]
    if not top:
        return ""
    name = e.rng.choice(top).removesuffix(".py")
    return e.put(f"{name}/__init__.py", module_text(e.world(), 1))


def _unpackage(e: Editor) -> str:
    """Take away or put back the `__init__.py` of a package."""
    name = e.rng.choice(e.packages()) + "/__init__.py"
    if (e.root / name).exists():
        (e.root / name).unlink()
        return f"{name} gone"
    return e.put(name, module_text(e.world(), 1))


def _empty_folder(e: Editor) -> str:
    """Make or remove a folder that may become a namespace package."""
    name = e.rng.choice(["opt_a", "newfolder", "absent2", "core/inner", "speedups"])
    if (e.root / name).is_dir():
        shutil.rmtree(e.root / name)
        return f"{name} gone"
    (e.root / name).mkdir(parents=True)
    return name


def _touch(e: Editor) -> str:
    name = e.rng.choice(e.modules())
    os.utime(e.root / name)
    return name


def _break(e: Editor) -> str:
    name = e.rng.choice(e.modules())
    text = (e.root / name).read_text()
    wrong = e.rng.choice(
        ["def (:\n", "raise ValueError('on purpose')\n", "import not_there_at_all\n", "1 / 0\n", "sys.exit(3)\n"]
    )
    return e.put(name, text + wrong)


def _data(e: Editor) -> str:
    names = [
        "data/a.txt",
        "data/b.txt",
        "core/data.txt",
        "config.cfg",
        "data/conf.cfg",
        "a.ini",
        "b.ini",
        "data/table.json",
    ]
    name = e.rng.choice(names)
    if (e.root / name).exists() and e.rng.random() < 0.2:
        (e.root / name).unlink()
        return f"{name} gone"
    number = e.rng.randrange(10, 100)
    text = {"cfg": f"LIMIT = {number}\n", "ini": f"[one]\nk = {number}\n", "json": f'{{"a": {number}}}'}.get(
        name[-3:], f"text{number}"
    )
    return e.put(name, text)


def _data_listed(e: Editor) -> str:
    name = e.rng.choice(["data/new.txt", "data/c.txt", "data/flag", "local.flag", "data/sub/d.txt", "newfolder/x.txt"])
    if (e.root / name).exists():
        (e.root / name).unlink()
        return f"{name} gone"
    return e.put(name, f"new{e.rng.randrange(10, 100)}")


def _env(e: Editor) -> str:
    number = e.rng.randrange(10, 100)
    return e.put(
        ".env",
        e.rng.choice([f"APP_MODE=m{number}\n", f"APP_MODE=m{number}\nAPP_NEW=n{number}\n", "", "APP_SET_1=e1\n"]),
    )


def _setting(e: Editor) -> str:
    number = e.rng.randrange(10, 100)
    app = e.rng.choice(["app", "app", "app:create_app", "app:create_app()"])
    return e.put("devserver.toml", f'[base]\napp = "{app}"\nenv.APP_TOML = "t{number}"\n')


def _link(e: Editor) -> str:
    now = os.readlink(e.root / "current") if (e.root / "current").is_symlink() else ""
    return "current " + e.put("current", LINK + ("rel_2" if now == "rel_1" else "rel_1"))


def _release(e: Editor) -> str:
    name = f"rel_{e.rng.randrange(1, 3)}/" + e.rng.choice(["release.txt", "release_mod.py"])
    return e.put(name, f"VALUE = {e.rng.randrange(10, 100)}\nFROM_PROJECT = 1\n")


def _link_module(e: Editor) -> str:
    """Put a link to another module in a module's place."""
    top = [name for name in e.plain() if "/" not in name]
    if len(top) < 2:
        return ""
    one, two = e.rng.sample(top, 2)
    if (e.root / two).is_symlink():
        return ""
    return f"{e.put(one, LINK + two)} to {two}"


def _several(e: Editor) -> str:
    return ", ".join(_change(e) for _ in range(e.rng.randrange(2, 5)))


def _mixed(e: Editor) -> str:
    kinds = [_change, _add, _data, _delete, _rename, _touch, _env, _data_listed]
    return " + ".join(kind(e) for kind in e.rng.sample(kinds, 3))


def _branch(e: Editor) -> str:
    """Go to another branch, or back: many files at once."""
    if not e.history:
        return ""
    number = e.rng.randrange(len(e.history))
    e._bring(e.history[number])
    return f"back by {len(e.history) - number}"


def _new_branch(e: Editor) -> str:
    names = e.rng.sample(e.plain(), min(len(e.plain()), 6))
    for name in names:
        e.put(name, _bumped((e.root / name).read_text(), e.rng) if e.rng.random() < 0.7 else module_text(e.world(), 2))
    return ", ".join(names)


KINDS: list[tuple[Callable[[Editor], str], int]] = [
    (_change, 20), (_change_late, 12), (_change_below, 40), (_change_with_old_time, 4), (_rewrite, 5), (_add_statement, 8),
    (_rewrite_entry, 2), (_library, 4), (_add, 6), (_delete, 2), (_delete_package, 1), (_rename, 1), (_swap, 1), (_move, 1),
    (_rename_package, 1), (_shadow, 2), (_unpackage, 2), (_empty_folder, 2), (_touch, 2), (_break, 4), (_data, 7),
    (_data_listed, 4), (_env, 3), (_setting, 2), (_link, 2), (_release, 1), (_link_module, 1), (_several, 3),
    (_mixed, 2), (_branch, 3), (_new_branch, 2),
]  # fmt: skip
