"""Projects with secrets in every place where one can stand, right and wrong ones; and the commands that could tell them.

A canary is a text, or a number, that stands for a secret. A scene names the canaries that it uses; everything that any
command prints is searched for them, and for each part of them that is long enough to be one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# One for each way in which a secret comes to us. No two of them share six characters.
BASE = "Kq7Zx2Wv9Rt4"
PROFILE = "Yb3Lm8Pd5Hs6"
LOCAL = "Fj4Gc7Nv2Tk9"
DOTENV = "Qw8Er5Tz3Ui6"
DOTENV_LOCAL = "Mx9Nb4Vc7Zl2"
SHELL = "Hd6Jf3Ks8Lg5"
ASSIGNED = "Ap5So9Di4Fu7"
FLAG = "Zt2Re8Wq6Yx3"
IN_URL = "Cv4Bn7Ml9Kj8"
LOSER = "Gh8Tr3Ez6Ow2"
CALL = "Rn5Vx8Sb2Dq4"
NUMBER = "836194720518"
CANARIES = (BASE, PROFILE, LOCAL, DOTENV, DOTENV_LOCAL, SHELL, ASSIGNED, FLAG, IN_URL, LOSER, CALL, NUMBER)

PART = 6
"""How many characters of a canary give it away."""


@dataclass(frozen=True)
class Scene:
    """A project, the shell, and words that are added to each command that takes settings."""

    name: str
    files: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


COMMANDS: tuple[tuple[str, ...], ...] = (
    ("check",),
    ("check", "--json"),
    ("explain",),
    ("explain", "--all"),
    ("explain", "--json"),
    ("explain", "--as-flags"),
    ("explain", "--as-flags", "--json"),
    ("explain", "env.DSN"),
    ("explain", "env.API_KEY", "--json"),
    ("explain", "env.LINK"),
    ("explain", "debugger.pin"),
    ("explain", "env"),
    ("profiles",),
    ("profiles", "--json"),
    ("profiles", "diff", "(base)", "eager"),
    ("profiles", "diff", "eager", "(base)", "--json"),
    ("env",),
    ("env", "--json"),
    ("env", "--format", "shell"),
    ("doctor",),
    ("doctor", "--json"),
    ("schema",),
    ("schema", "env", "--text"),
    ("exec", "--", "no-such-command"),
    ("init", "--dry-run"),
)
WITHOUT_SETTINGS = ("init", "schema")
"""Commands that take no flags about settings."""

DECLARED = '[base]\nenv.DSN = { required = "ask the team", secret = true }\n'
EAGER = "[profiles.eager]\n"


def leaks(text: str) -> list[str]:
    """Return the canaries of which *text* has a part."""
    return [one for one in CANARIES if any(one[at : at + PART] in text for at in range(len(one) - PART + 1))]


def _toml(name: str, body: str, **more: str) -> Scene:
    return Scene(name, {"devserver.toml": body, "profiles/eager.toml": "", **more})


RIGHT = (
    Scene(
        "everywhere at once",
        {
            "devserver.toml": f"""
[base]
app = "shop:app"
env.DSN = {{ value = "{BASE}", secret = true }}
env.API_KEY = "{BASE}"
env.GITHUB_TOKEN = {{ default = "{LOSER}" }}
env.LINK = "postgres://ada:{IN_URL}@db.example/shop"
env.COPY = "before {BASE} after"
debugger.pin = "{NUMBER}"
""",
            "profiles/eager.toml": f'env.DSN = "{PROFILE}"\nenv.STRIPE_SECRET = "{PROFILE}"\n',
            "devserver.local.toml": f'[base]\nenv.DB_PASSWORD = "{LOCAL}"\n[profiles.eager]\nenv.DSN = "{LOCAL}"\n',
            ".env": f"GITHUB_TOKEN={DOTENV}\nFROM_DSN=x${{GITHUB_TOKEN}}x\nLINK2=https://{IN_URL}@db.example/\n"
            f"LINK3=https://ada:{IN_URL}@db.example/\n",
            ".env.local": f"DSN={DOTENV_LOCAL}\n",
            ".flaskenv": f"SECRET_KEY={DOTENV}\nFLASK_RUN_HOST=127.0.0.1\n",
        },
        {"DSN": SHELL, "API_KEY": SHELL, "OTHER_PASSWORD": SHELL},
        ("--set", f'env.API_KEY = "{ASSIGNED}"', "--set", f'env.DSN="{ASSIGNED}"', "--pin", NUMBER),
    ),
    Scene(
        "known by the words of their names",
        {
            "devserver.toml": f'[base]\nenv.DB_PASS = "{BASE}"\nenv.GH_PAT = "{BASE}"\nenv.STRIPE_SK = "{BASE}"\nenv.AUTH = "Bearer {BASE}"\n'
            f'env.SENTRY_DSN = "{BASE}"\nenv.PASSWORD_SALT = "{BASE}"\nenv.SESSION_COOKIE = "{BASE}"\nenv.dbPassword = "{BASE}"\n'
            f"[profiles.eager]\nenv.DB_PASS = {{ default = '{PROFILE}' }}\n",
            ".env": f"SMTP_PASS={DOTENV}\nCONNECTION_STRING={DOTENV}\nSLACK_WEBHOOK_URL={DOTENV}\n",
            ".flaskenv": f"API_KEYS={DOTENV}\nUSER_PWD={DOTENV}\n",
        },
        {"DB_PASS": SHELL, "SMTP_PASS": SHELL},
        ("--set", f'env.GH_PAT = "{ASSIGNED}"'),
    ),
    Scene(
        "known by the shapes of their values",
        {
            "devserver.toml": f'[base]\nenv.JDBC = "jdbc:postgresql://h/d?user=a&password={BASE}"\nenv.BLOB = "AccountName=a;AccountKey={BASE}"\n'
            f'env.BUS = "Endpoint=sb://h/;SharedAccessKey={BASE}"\nenv.HOOK = "https://hooks.slack.com/services/T0/B0/{BASE}"\n'
            f'env.HEADER = "Bearer {BASE}"\nenv.PEM = """-----BEGIN PRIVATE KEY-----\n{BASE}\n-----END PRIVATE KEY-----"""\n'
            f'env.GIT = "ghp_{BASE}{BASE}"\nenv.PAY = "sk_live_{BASE}"\nwsgi.prefix = "/x?token={BASE}"\n[profiles.eager]\nenv.JDBC = "host=h password={PROFILE}"\n',
            ".env": f"CHAT=https://discord.com/api/webhooks/1/{DOTENV}\nSLACK=xoxb-{DOTENV}\n",
            ".flaskenv": f"LIBPQ='host=h password={DOTENV}'\n",
        },
        {"JDBC": f"host=h password={SHELL}"},
        ("--set", f'env.HEADER = "Basic {ASSIGNED}"'),
    ),
    Scene("declared in the base, given in the shell", {"devserver.toml": DECLARED + EAGER}, {"DSN": SHELL}),
    Scene("declared in the base, given in .env", {"devserver.toml": DECLARED + EAGER, ".env": f"DSN={DOTENV}\n"}),
    Scene("declared in the base, given by --set", {"devserver.toml": DECLARED + EAGER}, {}, ("--set", f'env.DSN="{ASSIGNED}"')),
    Scene(
        "declared in the profile only",
        {
            "devserver.toml": f'[base]\nenv.DSN = "{BASE}"\n[profiles.eager]\nenv.DSN = {{ default = "{PROFILE}", secret = true }}\n',
        },
    ),
    Scene("taken away", {"devserver.toml": f'[base]\nenv.API_KEY = "{BASE}"\n[profiles.eager]\nunset = ["env.API_KEY"]\n'}),
    Scene("never used", {"devserver.toml": f'[base]\nenv.API_KEY = "{BASE}"\n[profiles.eager]\n', "devserver.local.toml": f'[base]\nenv.API_KEY = "{LOCAL}"\n'}),
    Scene("a PIN", {"devserver.toml": f'[base]\ndebugger.pin = "{NUMBER}"\n[profiles.eager]\ndebugger.pin = "1{NUMBER}"\n'}),
    Scene("a PIN in the shell", {"devserver.toml": EAGER}, {"LAUNCH_DEBUGGER__PIN": NUMBER}),
    Scene(
        "passwords in settings",
        {
            "devserver.toml": f'[base]\nallowed-hosts = ["https://ada:{IN_URL}@db.example"]\ndescription = "https://ada:{IN_URL}@x"\n'
            f'wsgi.static."/x" = "https://ada:{IN_URL}@x"\nreload.include = ["https://ada:{IN_URL}@x"]\n[profiles.eager]\n'
            f'description = "https://ada:{IN_URL}@x"\napp-dir = "https://ada:{IN_URL}@x"\n'
        },
    ),
    Scene("passwords in flags", {"devserver.toml": EAGER}, {}, ("--set", f'app-dir="https://ada:{IN_URL}@x"')),
)  # fmt: skip

_WRONG_VALUES = {
    "number": NUMBER,
    "negative number": f"-{NUMBER}",
    "number in a table": f"{{ value = {NUMBER} }}",
    "list": f'["{BASE}"]',
    "table": f'{{ x = "{BASE}" }}',
    "two of value and default": f'{{ value = "{BASE}", default = "{LOSER}" }}',
    "empty and more": f'{{ value = "{BASE}", secrets = true }}',
    "NUL": f'"{BASE}\\u0000"',
    "multi-line": f'"""\n{BASE}\n""" # x',
    "date": "1836-11-11",
}
_TYPED = tuple(
    _toml(f"wrong type: {what} as {name}", f"[base]\nenv.{name} = {value}\n")
    for name in ("API_KEY", '"my-api-key"')
    for what, value in _WRONG_VALUES.items()
)
_DECLARED_TYPED = tuple(
    Scene(
        f"declared elsewhere, wrong type: {what}",
        {"devserver.toml": DECLARED, "profiles/eager.toml": "", "devserver.local.toml": f"[base]\nenv.DSN = {value}\n"},
    )
    for what, value in _WRONG_VALUES.items()
)
_PLACED = tuple(
    _toml(f"wrong place: {text.split('{')[0].split(chr(10))[0]}", text)
    for text in (
        f'[base]\nAPI_KEY = "{BASE}"\n',
        f'API_KEY = "{BASE}"\n',
        f'[base.evn]\nAPI_KEY = "{BASE}"\n',
        f'[bsae.env]\nAPI_KEY = "{BASE}"\n',
        f'[env]\nAPI_KEY = "{BASE}"\n',
        f'base.env.API_KEY.valu = "{BASE}"\n',
        f'base.env = {{ API_KEY = "{BASE}", LAUNCH_X = 1 }}\n',
        f'base.env = {{ API_KEY = {NUMBER}, X = 1, DSN = {{ secret = true, value = "{BASE}" }}, Y = 1 }}\n',
        f'[base]\ndebugger.pin = {NUMBER}\n',
        f'[base]\ndebugger.pin = "{BASE}"\n',
        f'[base]\ndebugger.pin = ["{NUMBER}"]\n',
        f'[base]\ndebugger = {{ pn = 1, pin = "{NUMBER}" }}\n',
        f'[base]\npin = "{NUMBER}"\n',
        f'[base]\nenv = "{BASE}"\n',
        f'[base]\nport = "https://ada:{IN_URL}@x"\n',
        f'[base]\nextends = "https://ada:{IN_URL}@x"\n',
        f'[base]\nhots = "https://ada:{IN_URL}@x"\n',
        f'[base]\nport = ["a", "https://ada:{IN_URL}@x"]\n',
        f'[base]\nloading = "https://ada:{IN_URL}@x"\n',
        f'default-profile = "https://ada:{IN_URL}@x"\n',
        f'[base]\nenv.DSN = {{ value = "{BASE}", secret = "yes" }}\n',
        f'[base]\nenv.DSN = {{ vaule = "{BASE}", secret = true }}\n',
        f'[base.env.DSN]\nsecret = true\nvaule = "{BASE}"\n',
        f'[base.env.DSN]\nvalue = {NUMBER}\nsecret = true\n',
        f'[base]\nenv.API_KEY = "{BASE}"\n[profiles.eager]\nenv.API_KEY = {{ value = {NUMBER} }}\n',
        f'[base]\nenv.API_KEY = "{BASE}"\n[base.env.API_KEY.x]\ny = "{BASE}"\n',
    )
)  # fmt: skip
_SYNTAX = tuple(
    _toml(f"syntax: {number}", text)
    for number, text in enumerate(
        (
            f"[base]\nenv.API_KEY = {BASE}\n",
            f'[base]\nenv.API_KEY = "{BASE}\n',
            f"[base]\nenv.API_KEY = '{BASE}\n",
            f'[base]\nenv.API_KEY: "{BASE}"\n',
            f'[base]\nenv.API_KEY "{BASE}"\n',
            f'[base]\nenv.API_KEY = = "{BASE}"\n',
            f'[base]\nenv.API_KEY = "{BASE}" "{LOSER}"\n',
            f'[base]\nenv.API_KEY = “{BASE}”\n',
            f'[base]\nenv.API_KEY = "C:\\{BASE}"\n',
            f'[base]\nenv.API_KEY = """{BASE}\n{LOSER}\n',
            f'[base]\nenv.API_KEY = ["{BASE}",\n "{LOSER}"\n',
            f'[base]\nenv.API_KEY = "{BASE}"\nenv.API_KEY = "{LOSER}"\n',
            f'[base]\nenv.DSN = {{ value = "{BASE}" secret = true }}\n',
            f'[base]\nenv.DSN = {{ secret = true, value = "{BASE} }}\n',
            f'[base.env.DSN]\nsecret = true\nvalue = "{BASE}\n',
            f'[base.env.DSN]\nvalue = {BASE}\nsecret = true\n',
            f'[base.env.API_KEY]\nvalue = {BASE}\n',
            f'[base.env]\nAPI_KEY = {{ value = {BASE} }}\n',
            f'[base]\nenv = {{ API_KEY = "{BASE}", API_KEY = "{LOSER}" }}\n',
            f'[base]\nenv.LINK = "postgres://ada:{IN_URL}@db\n',
            f'[base]\nenv.LINK = postgres://ada:{IN_URL}@db\n',
            f'[base]\nenv."API_KEY" = {BASE}\n',
            f'[base]\nenv.API_KEY = 0{NUMBER}\n',
            f'[base]\nenv.API_KEY = {NUMBER}_\n',
            f'[base]\nenv.API_KEY = """\n{BASE}"""x\n',
            f'[base]\ndebugger.pin = {NUMBER}x\n',
            f'[base]\npassword = {BASE}\nhost = localhost\n',
            f'[base]\nenv.API_KEY\n = "{BASE}"\n',
            f'[base]\nport = 1 # API_KEY = {BASE}\nx y\n',
            f'[base]\nenv.API_KEY = "{BASE}"; host = 1\n',
            f'[base]\n{{ API_KEY = "{BASE}" }}\n',
            f'API_KEY={BASE}\n',
            f'export API_KEY={BASE}\n',
        )
    )
)  # fmt: skip
_DECLARED_SYNTAX = (
    Scene(
        "declared elsewhere, not TOML",
        {"devserver.toml": DECLARED, "profiles/eager.toml": "", "devserver.local.toml": f"[base]\nenv.DSN = {BASE}\n"},
    ),
    Scene(
        "declared elsewhere, not TOML in the profile",
        {"devserver.toml": DECLARED, "profiles/eager.toml": f'env.DSN = "{BASE}\n'},
        {"LAUNCH_PROFILE": "eager"},
    ),
)
_ENV_FILES = tuple(
    Scene(f".env: {text.split(DOTENV)[0]!r}", {"devserver.toml": DECLARED + EAGER, ".env": text})
    for text in (
        f"API_KEY {DOTENV}\n",
        f"API_KEY='{DOTENV}\n",
        f'API_KEY="{DOTENV}" {DOTENV}\n',
        f"API_KEY: {DOTENV}\n",
        f"API KEY={DOTENV}\n",
        f"export API_KEY {DOTENV}\n",
        f"1API_KEY={DOTENV}\n",
        f"{DOTENV}\n",
        f"API_KEY={DOTENV}\nAPI_KEY={DOTENV}2\n",
        f"API_KEY={DOTENV}${{X:?ask the team}}\n",
        f"LAUNCH_API_KEY={DOTENV}\n",
        f"LAUNCH_DEBUGGER__PIN={NUMBER}x\n",
        f"LAUNCH_DEBUGER__PIN={NUMBER}\n",
        f"LAUNCH_ENV__API_KEY={DOTENV}\n",
        f"LAUNCH_ENV__DSN={DOTENV}\n",
        f"LAUNCH_PORT=https://ada:{DOTENV}@x\n",
        f"FLASK_RUN_PORT=https://ada:{DOTENV}@x\n",
        f"FLASK_RUN_SECRET_KEY={DOTENV}\n",
        f"GIT_SSH_COMMAND={DOTENV}\n",
        f"DSN={DOTENV}\0\n",
        f"DSN='{DOTENV}' x\n",
        f"=  {DOTENV}\n",
        f"LAUNCH_ENV='{{\"API_KEY\": {NUMBER}}}'\n",
        f"LAUNCH_ENV='{{\"DSN\": {NUMBER}}}'\n",
        f'LAUNCH_ENV=\'{{"DSN": "{DOTENV}", "X": 1}}\'\n',
    )
)
_SHELL = tuple(
    Scene(f"shell: {name}", {"devserver.toml": DECLARED + EAGER}, {name: text})
    for name, text in (
        ("LAUNCH_API_KEY", SHELL),
        ("LAUNCH_ENV__API_KEY", SHELL),
        ("LAUNCH_ENV__DSN", SHELL),
        ("LAUNCH_DEBUGGER__PIN", f"{NUMBER}x"),
        ("LAUNCH_DEBUGER__PIN", NUMBER),
        ("LAUNCH_PORT", f"https://ada:{SHELL}@x"),
        ("LAUNCH_PROFILE", f"https://ada:{SHELL}@x"),
        ("LAUNCH_CONFIG", f"https://ada:{SHELL}@x"),
        ("LAUNCH_COLOR", f"https://ada:{SHELL}@x"),
        ("LAUNCH_ISOLATED", f"https://ada:{SHELL}@x"),
        ("FLASK_RUN_PORT", f"https://ada:{SHELL}@x"),
        ("LAUNCH_ENV", f'{{"API_KEY": {NUMBER}}}'),
        ("LAUNCH_ENV", f'{{"DSN": {NUMBER}}}'),
        ("LAUNCH_ENV", f'{{"DSN": "{SHELL}", "X": 1}}'),
        ("LAUNCH_ENV", f'{{"DSN": "{SHELL}"'),
    )
)
_WORDS = tuple(
    Scene(f"words: {' '.join(words)}", {"devserver.toml": DECLARED + EAGER}, {}, words)
    for words in (
        ("--set", f"env.API_KEY={FLAG}"),
        ("--set", f"env.API_KEY = '{FLAG}"),
        (f"--set=env.API_KEY={FLAG}",),
        ("--set", f"env.DSN={FLAG}"),
        ("--set", f"env.DSN = {NUMBER}"),
        (f"--set=env.DSN = {NUMBER}",),
        ("--set", f"env.DSN {FLAG}"),
        ("--set", f"env={{ DSN = {NUMBER} }}"),
        ("--set", f'env={{ API_KEY = "{FLAG}", X = 1 }}'),
        ("--set", f'env={{ DSN = "{FLAG}", X = 1 }}'),
        ("--set", f'env."API_KEY"={FLAG}'),
        ("--set", f"env.DSN.value={FLAG}"),
        ("--set", f"env.API_KEY.value={NUMBER}"),
        ("--set", f'env.DSN.vaule="{FLAG}"'),
        ("--set", f"API_KEY={FLAG}"),
        ("--set", f'API_KEY="{FLAG}"'),
        ("--set", f'password="{FLAG}"'),
        ("--set", f"debugger.pin={NUMBER}"),
        ("--set", f"debugger.pin={FLAG}"),
        ("--set", f'debuger.pin="{NUMBER}"'),
        ("--pin", f"{NUMBER}x"),
        (f"--pin={NUMBER}x",),
        ("--pni", NUMBER),
        (f"--pni={NUMBER}",),
        ("--sett", f"env.API_KEY={FLAG}"),
        (f"--sett=env.API_KEY={FLAG}",),
        ("--set", f"env.API_KEY={FLAG}", "--no-such-flag"),
        ("--set", f"env.DSN={FLAG}", "surplus"),
        (f"env.API_KEY={FLAG}",),
        (f"API_KEY={FLAG}",),
        (f"--api-key={FLAG}",),
        ("--token", FLAG),
        ("--port", f"https://ada:{FLAG}@x"),
        (f"--port=https://ada:{FLAG}@x",),
        ("--host", f"https://ada:{FLAG}@x"),
        ("--profile", f"https://ada:{FLAG}@x"),
        ("--config", f"https://ada:{FLAG}@x"),
        ("--env-file", f"https://ada:{FLAG}@x"),
        ("--unset", f"https://ada:{FLAG}@x"),
        ("--color", f"https://ada:{FLAG}@x"),
        ("--set", f'port="https://ada:{FLAG}@x"'),
        ("--set", f"port=https://ada:{FLAG}@x"),
        (f"https://ada:{FLAG}@x",),
    )
)
WRONG = (
    *_TYPED,
    *_DECLARED_TYPED,
    *_PLACED,
    *_SYNTAX,
    *_DECLARED_SYNTAX,
    *_ENV_FILES,
    *_SHELL,
    *_WORDS,
)
INIT = tuple(
    Scene(f"init: {name}", {name: text}, environ)
    for name, text, environ in (
        (".flaskenv", f"API_KEY={DOTENV}\nLINK=https://ada:{IN_URL}@x\nFLASK_RUN_HOST=https://ada:{IN_URL}@x\n", {}),
        (".flaskenv", f"API_KEY {DOTENV}\nX='{DOTENV}\n", {}),
        (
            ".vscode/launch.json",
            f'{{"configurations": [{{"module": "flask", "env": {{"API_KEY": "{DOTENV}", "LINK": "https://ada:{IN_URL}@x"}}}}]}}',
            {},
        ),
        (
            ".flaskenv",
            f"DB_PASS={DOTENV}\nJDBC='jdbc:x://h?password={DOTENV}'\nHEADER='Bearer {DOTENV}'\nPEM='-----BEGIN PRIVATE KEY-----\n{DOTENV}'\n",
            {},
        ),
        ("Procfile", f"web: API_KEY={DOTENV} flask run --host https://ada:{IN_URL}@x\n", {}),
        (
            "wsgi.py",
            f'app = "{BASE}"\n',
            {"FLASK_APP": f"https://ada:{SHELL}@x", "FLASK_RUN_KEY": f"https://ada:{SHELL}@x"},
        ),
    )
)
