"""Importing the packages that web and data apps use most leaves a process that can be copied: no false alarms."""

from __future__ import annotations

import pytest

from tests.e2e.harness import Project, need

PACKAGES = (
    "flask", "django", "jinja2", "werkzeug", "requests", "urllib3", "httpx", "aiohttp", "sqlalchemy", "pydantic", "numpy",
    "pandas", "scipy", "matplotlib", "PIL", "cryptography", "lxml", "boto3", "redis", "celery", "psycopg", "pymongo",
    "yaml", "click", "attrs", "dateutil", "sentry_sdk", "prometheus_client", "rich",
)  # fmt: skip

# What an app does with the package besides importing it, so that it is really loaded.
MORE = {
    "flask": "app_ = flask.Flask('x')",
    "django": "import django.http, django.db.models, django.template",
    "sqlalchemy": "import sqlalchemy.orm\nengine = sqlalchemy.create_engine('sqlite:///:memory:')",
    "scipy": "import scipy.linalg, scipy.stats, scipy.optimize",
    "matplotlib": "import matplotlib\nmatplotlib.use('agg')\nimport matplotlib.pyplot",
    "PIL": "import PIL.Image",
    "cryptography": "import cryptography.fernet, cryptography.hazmat.primitives.asymmetric.rsa",
    "lxml": "import lxml.etree, lxml.html",
    "boto3": "client = boto3.client('s3', region_name='eu-west-1', aws_access_key_id='x', aws_secret_access_key='x')",
    "redis": "client = redis.Redis()",
    "celery": "tasks = celery.Celery('x', broker='memory://')",
    "requests": "session = requests.Session()",
    "httpx": "client = httpx.Client()",
    "urllib3": "pool = urllib3.PoolManager()",
    "numpy": "product = numpy.ones((300, 300)) @ numpy.ones((300, 300))",
    "pandas": "frame = pandas.DataFrame({'a': [1, 2]}).sum()",
    "dateutil": "import dateutil.parser, dateutil.tz",
    "rich": "import rich.console, rich.table",
    "prometheus_client": "hits = prometheus_client.Counter('hits', 'x')",
    "pydantic": "class Model(pydantic.BaseModel):\n    a: int",
    "attrs": "import attr",
}

APP = """
import stock
import views

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [views.VERSION.encode()]
"""


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_keeps_the_process_fit_for_snapshots(project: Project, package: str):
    need(package)
    project.files(
        {"app.py": APP, "stock.py": f"import {package}\n{MORE.get(package, '')}\n", "views.py": "VERSION = 'v0'"}
    )
    server = project.dev("-v", "app:app", HOME=None, MPLCONFIGDIR=str(project.root))
    server.answers("v0")
    project.save("views.py", "VERSION = 'v1'")
    server.answers("v1")
    project.save("views.py", "VERSION = 'v2'")
    server.answers("v2")
    log = server.says("served again", 2)
    assert "no snapshot" not in log
    assert "back to before views" in log
