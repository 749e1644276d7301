"""Recipes of real applications: what to install, how to make the project, what to ask, and what to edit."""

from __future__ import annotations

import json
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Visit:
    """One request and the status that it must have. `{n}` in texts is the number of the round."""

    path: str
    status: int = 200
    form: Mapping[str, str] | None = None
    """Fields of a POST. The form's token against forgery is taken from the page at `path`, as a browser does."""
    upload: str = ""
    """Name of a field that gets a small picture; the form is then sent as multipart."""
    data: str = ""
    """A JSON body to POST."""
    contains: str = ""
    follow: bool = True


@dataclass(frozen=True)
class Probe:
    """A page that shows the marks of edited modules, and the modules that are edited."""

    page: str
    view: str
    """The file with the view."""
    before: str
    after: str
    """The text of the view that is replaced, and its replacement, which calls `mark_all()`."""
    modules: Mapping[str, tuple[str, str]]
    """`late`, `early` and `entry`, each with its file and its name in `sys.modules`."""


@dataclass(frozen=True)
class Recipe:
    """One application."""

    name: str
    packages: tuple[str, ...]
    settings: str
    make: Callable[[Path, Path], None]
    """Makes the project: takes its folder and the folder of the environment."""
    own_server: tuple[str, ...]
    """The command of the app's own server, with `{port}`."""
    visits: tuple[Visit, ...]
    cold: str
    """An expression for the WSGI app, after `from importlib import import_module`."""
    probe: Probe


def run(environment: Path, folder: Path, *command: str, **variables: str) -> None:
    """Run a program of the environment. Raises `CalledProcessError`."""
    variables = {"PATH": f"{environment / 'bin'}:/usr/bin:/bin", "HOME": str(folder.parent), **variables}
    subprocess.run([str(environment / "bin" / command[0]), *command[1:]], cwd=folder, env=variables, check=True)


def _flaskr(project: Path, environment: Path) -> None:
    """Copy the tutorial of Flask's source distribution."""
    parent = project.parent
    subprocess.run(
        ["python3", "-m", "pip", "download", "-q", "--no-deps", "--no-binary", "flask", "-d", str(parent), "flask"],
        check=True,
    )
    with tarfile.open(next(parent.glob("flask-*.tar.gz"))) as archive:
        archive.extractall(parent / "source", filter="data")
    next(parent.glob("source/*/examples/tutorial")).rename(project)
    run(environment, project, "flask", "--app", "flaskr", "init-db")


FLASKR = Recipe(
    name="flaskr",
    packages=("flask",),
    settings='[base]\napp = "flaskr:create_app()"\n',
    make=_flaskr,
    own_server=("flask", "--app", "flaskr", "run", "--debug", "--port", "{port}"),
    visits=(
        Visit("/"),
        Visit("/auth/register"),
        Visit("/auth/register", form={"username": "user{n}", "password": "x"}),
        Visit("/auth/register", form={"username": "user{n}", "password": "x"}, contains="already registered"),
        Visit("/auth/login", form={"username": "user{n}", "password": "wrong"}, contains="Incorrect password"),
        Visit("/auth/login", form={"username": "user{n}", "password": "x"}, contains="Log Out"),
        Visit("/create"),
        Visit("/create", form={"title": "Post {n}", "body": "text"}, contains="Post {n}"),
        Visit("/create", form={"title": "", "body": "text"}, contains="Title is required"),
        Visit("/{n}/update"),
        Visit("/{n}/update", form={"title": "Other {n}", "body": "text"}, contains="Other {n}"),
        Visit("/{n}/delete", form={}),
        Visit("/static/style.css"),
        Visit("/static/none.css", 404),
        Visit("/nothing", 404),
        Visit("/999999/update", 404),
        Visit("/99999999999999999999/update", 500, contains="OverflowError"),
        Visit("/auth/register", 500, form={"username": "x"}, contains="BadRequestKeyError"),
        Visit("/", 405, data="{}"),
        Visit("/auth/logout", follow=False, status=302),
        Visit("/create", contains="Log In"),
        Visit("/favicon.ico", 404),
    ),
    cold='import_module("flaskr").create_app()',
    probe=Probe(
        page="/",
        view="flaskr/blog.py",
        before='return render_template("blog/index.html", posts=posts)',
        after='return render_template("blog/index.html", posts=posts) + mark_all()',
        modules={
            "late": ("flaskr/blog.py", "flaskr.blog"),
            "early": ("flaskr/db.py", "flaskr.db"),
            "entry": ("flaskr/__init__.py", "flaskr"),
        },
    ),
)


def _wagtail(project: Path, environment: Path) -> None:
    """Start Wagtail's project, which extends Django's, with its database and an administrator."""
    project.mkdir()
    run(environment, project.parent, "wagtail", "start", "mysite", str(project))
    run(environment, project, "python", "manage.py", "migrate", "-v0")
    user = ("--noinput", "--username", "admin", "--email", "admin@example.org")
    run(environment, project, "python", "manage.py", "createsuperuser", *user, DJANGO_SUPERUSER_PASSWORD="secret")


_PAGE = {
    "title": "Page {n}",
    "slug": "page-{n}",
    "action-publish": "1",
    "comments-TOTAL_FORMS": "0",
    "comments-INITIAL_FORMS": "0",
}

WAGTAIL = Recipe(
    name="wagtail",
    packages=("wagtail",),
    settings='[base]\napp = "mysite.wsgi:application"\n',
    make=_wagtail,
    own_server=("python", "manage.py", "runserver", "127.0.0.1:{port}"),
    visits=(
        Visit("/"),
        Visit("/admin/", contains="Sign in"),
        Visit("/admin/login/", form={"username": "admin", "password": "wrong"}, contains="didn"),
        Visit("/admin/login/", form={"username": "admin", "password": "secret"}, contains="Dashboard"),
        Visit("/admin/"),
        Visit("/admin/pages/3/"),
        Visit("/admin/pages/add/home/homepage/3/"),
        Visit("/admin/pages/add/home/homepage/3/", form=_PAGE, contains="Page {n}"),
        Visit("/page-{n}/", contains="Page {n}"),
        Visit("/admin/images/add/"),
        Visit(
            "/admin/images/add/",
            form={"title": "Picture {n}", "collection": "1"},
            upload="file",
            contains="Picture {n}",
        ),
        Visit("/admin/images/"),
        Visit(
            "/admin/documents/add/", form={"title": "File {n}", "collection": "1"}, upload="file", contains="File {n}"
        ),
        Visit("/search/?query=page"),
        Visit("/static/css/mysite.css"),
        Visit("/static/wagtailadmin/css/core.css"),
        Visit("/static/none.css", 404),
        Visit("/nothing/", 404),
        Visit("/django-admin/", contains="administration"),
        Visit("/admin/login/", 403, data="{}"),
        Visit("/admin/pages/3/?p=x"),
        Visit("/admin/reports/site-history/"),
        Visit("/admin/api/main/pages/"),
    ),
    cold='import_module("mysite.wsgi").application',
    probe=Probe(
        page="/search/",
        view="search/views.py",
        before='"search_query": search_query,',
        after='"search_query": mark_all(),',
        modules={
            "late": ("search/views.py", "search.views"),
            "early": ("home/models.py", "home.models"),
            "entry": ("mysite/wsgi.py", "mysite.wsgi"),
        },
    ),
)


_DASH_APP = '''"""A dashboard of several pages."""

from dash import Dash, dcc, html, page_container, page_registry

from figures import TITLE

app = Dash(__name__, use_pages=True, suppress_callback_exceptions=True)
server = app.server


def layout():
    """Return the frame of all pages."""
    links = [html.Li(dcc.Link(page["name"], href=page["path"])) for page in page_registry.values()]
    return html.Div([html.H1(TITLE), html.Ul(links), page_container])


app.layout = layout


@server.route("/fault")
def fault():
    """Fail."""
    return str(1 // 0)


@server.route("/save", methods=["POST"])
def save():
    """Write down what people did, beside the app."""
    from pathlib import Path

    with Path(__file__).with_name("saved.csv").open("a") as saved:
        saved.write("1,2\\n")
    return "saved"
'''

_DASH_FIGURES = '''"""Data and figures."""

import pandas as pd
import plotly.express as px

TITLE = "Dashboard"
DATA = pd.DataFrame({"year": range(2000, 2020), "value": [n * n for n in range(20)], "kind": ["a", "b"] * 10})


def curve(kind):
    """Return the curve of one kind."""
    return px.line(DATA[DATA.kind == kind], x="year", y="value", title=f"Kind {kind}")
'''

_DASH_PAGE = '''"""The page {name}."""

from dash import Input, Output, callback, dcc, html, register_page

from figures import curve

register_page(__name__, path="{path}")


def layout():
    """Return the page."""
    return html.Div([html.H2("{name}"), dcc.Dropdown(["a", "b"], "a", id="{name}-kind"), dcc.Graph(id="{name}-graph")])


@callback(Output("{name}-graph", "figure"), Input("{name}-kind", "value"))
def draw(kind):
    """Draw the curve."""
    if kind == "fault":
        raise ValueError(kind)
    return curve(kind)
'''


def _dash(project: Path, environment: Path) -> None:
    """Write a dashboard of four pages."""
    (project / "pages").mkdir(parents=True)
    (project / "assets").mkdir()
    (project / "app.py").write_text(_DASH_APP)
    (project / "figures.py").write_text(_DASH_FIGURES)
    (project / "assets" / "style.css").write_text("h1 { color: navy; }\n")
    for name, path in (("home", "/"), ("sales", "/sales"), ("stock", "/stock"), ("people", "/people")):
        (project / "pages" / f"{name}.py").write_text(_DASH_PAGE.format(name=name, path=path))


def _draw(page: str, kind: str) -> str:
    """Return what the browser sends when the *page* is to show a *kind*."""
    output, chosen = f"{page}-graph", f"{page}-kind"
    return json.dumps(
        {
            "output": f"{output}.figure",
            "outputs": {"id": output, "property": "figure"},
            "inputs": [{"id": chosen, "property": "value", "value": kind}],
            "changedPropIds": [f"{chosen}.value"],
        }
    )


DASH = Recipe(
    name="dash",
    packages=("dash", "pandas", "plotly"),
    settings='[base]\napp = "app:server"\n',
    make=_dash,
    own_server=("flask", "--app", "app:server", "run", "--debug", "--port", "{port}"),
    visits=(
        Visit("/"),
        Visit("/sales"),
        Visit("/stock"),
        Visit("/_dash-layout", contains="Dashboard"),
        Visit("/_dash-dependencies"),
        Visit("/_dash-update-component", data=_draw("home", "a"), contains="Kind a"),
        Visit("/_dash-update-component", data=_draw("sales", "b"), contains="Kind b"),
        Visit("/_dash-update-component", 500, data=_draw("stock", "fault")),
        Visit("/assets/style.css"),
        Visit("/assets/none.css", 404),
        Visit("/fault", 500, contains="ZeroDivisionError"),
        Visit("/save", form={}, contains="saved"),
        Visit("/nothing"),
        Visit("/_favicon.ico"),
    ),
    cold='import_module("app").server',
    probe=Probe(
        page="/_dash-layout",
        view="app.py",
        before="html.H1(TITLE)",
        after="html.H1(TITLE + mark_all())",
        modules={
            "late": ("pages/stock.py", "pages.stock"),
            "early": ("figures.py", "figures"),
            "entry": ("app.py", "app"),
        },
    ),
)

RECIPES = {recipe.name: recipe for recipe in (FLASKR, WAGTAIL, DASH)}
