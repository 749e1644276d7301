"""Apps that change the standard library, or take away what a worker needs: they are served, or one sentence says why not."""

from __future__ import annotations

import pytest

from tests.e2e.harness import PACKAGE, Project

APP = "app = lambda environ, start_response: (start_response('200 OK', []), [{version!r}])[1]\n"

SERVED = {
    "json.dumps": "import json\njson.dumps = lambda *a, **k: 'x'\n",
    "json.loads": "import json\njson.loads = None\n",
    "time": "import time\ntime.time = time.monotonic = time.process_time = time.sleep = lambda *a: 0.0\n",
    "socket.socket": "import socket\nsocket.socket = socket.socketpair = socket.fromfd = None\n",
    "select": "import select\nselect.select = select.poll = select.epoll = None\n",
    "open": "import builtins, io\nbuiltins.open = io.open = None\n",
    "struct": "import struct\nstruct.pack = struct.unpack = struct.Struct = None\n",
    "no streams": "import sys\nsys.stdout = sys.stderr = None\n",
    "sys.exit": "import sys\nsys.exit = lambda *a: None\n",
    "os.fork": "import os\nos.fork = None\n",
    "os._exit": "import os\nos._exit = lambda *a: None\n",
    "os.write and close": "import os\nos.write = os.close = os.read = None\n",
    "signal.signal": "import signal\nsignal.signal = signal.pthread_sigmask = None\n",
    "threading.Thread": "import threading\nthreading.Thread = None\n",
    "no collector": "import gc\ngc.disable()\ngc.freeze = None\n",
    "no environment": "import os\nos.environ.clear()\n",
    "another folder": "import os\nos.chdir('/')\n",
    "no import hooks": "import sys\nsys.meta_path.clear()\n",
    "no modules": (
        "import sys\nfor name in ('json', 'time', 'socket', 'struct', 'threading', 'signal', 'select', 'selectors'):\n"
        "    sys.modules.pop(name, None)\n"
    ),
    "forbidden fork": (
        "import sys\ndef hook(event, arguments):\n    if event == 'os.fork':\n        raise RuntimeError('no forks')\n"
        "sys.addaudithook(hook)\n"
    ),
}

REFUSED = {
    "closed descriptors": ("import os\nos.closerange(3, 256)\n", "closed a descriptor that belongs to launch"),
    "reused descriptors": (
        "import os\nos.closerange(3, 256)\nfiles = [open(f'own{n}.txt', 'w') for n in range(40)]\n",
        "closed a descriptor that belongs to launch",
    ),
    "garbage": (
        "import os, socket, stat\nfor number in range(3, 64):\n    try:\n"
        "        if stat.S_ISSOCK(os.fstat(number).st_mode):\n            os.write(number, b'\\xff' * 64)\n"
        "    except OSError:\n        pass\nimport time\ntime.sleep(60)\n",
        "wrote to a descriptor that belongs to launch",
    ),
    "forged message": (
        'import os, socket, stat, struct\nbody = b\'["Reading", {"files": 3}]\'\nfor number in range(3, 64):\n    try:\n'
        "        if stat.S_ISSOCK(os.fstat(number).st_mode):\n"
        "            os.write(number, struct.pack('!II', len(body), 0) + body)\n"
        "    except OSError:\n        pass\nimport time\ntime.sleep(60)\n",
        "wrote to a descriptor that belongs to launch",
    ),
}


def app(version: str, before: str = "") -> str:
    return before + APP.format(version=version.encode())


@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in SERVED.items()])
def test_app_that_changes_the_standard_library_is_served_and_reloaded(project: Project, code: str):
    project.files({"app.py": app("one", code), "own.py": ""})
    server = project.dev()
    server.answers("one")
    project.save("app.py", app("two", code))
    server.answers("two")
    project.save("app.py", app("three"))
    server.answers("three")
    assert "Traceback" not in server.log(), server.log()
    assert "failed" not in server.log(), server.log()
    assert server.stop() == 0


@pytest.mark.parametrize(("code", "words"), [pytest.param(*case, id=name) for name, case in REFUSED.items()])
def test_app_that_breaks_its_worker_is_refused_in_words(project: Project, code: str, words: str):
    project.save("app.py", app("one"))
    server = project.dev()
    server.answers("one")
    project.save("app.py", app("two", code))
    server.answers(words, status=500)
    assert "Traceback" not in server.log()
    assert str(PACKAGE) not in server.log()
    project.save("app.py", app("three"))
    server.answers("three")
    assert not any(path.read_text() for path in project.root.glob("own*.txt")), "we wrote into a file of the app"
    assert server.stop() == 0
