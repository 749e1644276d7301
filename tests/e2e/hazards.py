"""Modules that do, while they are imported, what a copied process could not share: one for each row of the table of hazards.

A row is the text of `billing.py`, and what is said of it (`refused`), or nothing where it is made harmless. Every text
defines `value()`, which the app serves.
"""

from __future__ import annotations

from dataclasses import dataclass

PLAIN = "def value():\n    return 'plain'\n"


@dataclass(frozen=True)
class Hazard:
    """What one module does. `said` is a part of the reason; `needs` is a package without which there is no hazard."""

    name: str
    text: str
    said: str = ""
    needs: str = ""
    python: tuple[int, int] = (3, 11)


def _hazard(name: str, text: str, said: str = "", needs: str = "", python: tuple[int, int] = (3, 11)) -> Hazard:
    if "def value" not in text:
        text += "\ndef value():\n    return 'up'\n"
    return Hazard(name, text.lstrip(), said, needs, python)


_LISTEN = """
import socket
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen()
"""

HAZARDS = [
    _hazard(
        "thread",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(999,), daemon=True).start()\n",
        "billing.py started a thread",
    ),
    _hazard(
        "bare-thread",
        "import _thread, time\n_thread.start_new_thread(time.sleep, (999,))\n",
        "billing.py started a thread",
    ),
    _hazard(
        "timer-thread",
        "import threading\ntimer = threading.Timer(999, print)\ntimer.daemon = True\ntimer.start()\n",
        "billing.py started a thread",
    ),
    _hazard(
        "executor-in-use",
        "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(1)\npool.submit(int).result()\n",
        "billing.py started a thread",
    ),
    _hazard(
        "native-thread",
        "from watchfiles._rust_notify import RustNotify\nwatch = RustNotify(['.'], False, True, 300, True, False)\n",
        "native threads are running (",
        "watchfiles",
    ),
    _hazard("listening-socket", _LISTEN, "billing.py opened a listening socket"),
    _hazard(
        "connected-socket",
        _LISTEN + "link = socket.create_connection(server.getsockname())\npeer, _ = server.accept()\nserver.close()\n",
        "billing.py opened a connection",
    ),
    _hazard("socket-pair", "import socket\nends = socket.socketpair()\n", "billing.py opened a connected socket"),
    _hazard("pipe", "import os\nends = os.pipe()\n", "a pipe is open, since billing was imported"),
    _hazard("epoll", "import select\npoll = select.epoll()\n", "a kernel object (eventpoll) is open"),
    _hazard("eventfd", "import os\nfd = os.eventfd(0)\n", "a kernel object (eventfd) is open"),
    _hazard("inotify", "import ctypes\nfd = ctypes.CDLL(None).inotify_init()\n", "a kernel object (inotify) is open"),
    _hazard("pidfd", "import os\nfd = os.pidfd_open(os.getpid())\n", "(pidfd) is open"),
    _hazard(
        "database",
        "import sqlite3\nlink = sqlite3.connect('shop.db')\nlink.execute('create table if not exists t (a)')\n",
        "billing.py opened the database shop.db",
    ),
    _hazard(
        "database-for-reading",
        "import sqlite3\nsqlite3.connect('shop.db').close()\nlink = sqlite3.connect('file:shop.db?mode=ro', uri=True)\nlink.execute('select 1')\n",
        "billing.py opened the database shop.db",
    ),
    _hazard("running-loop", "import asyncio\nloop = asyncio.new_event_loop()\n", "is open"),
    _hazard(
        "child-process",
        "import subprocess\nchild = subprocess.Popen(['sleep', '60'])\n",
        "billing.py started a process",
    ),
    _hazard(
        "forked-child",
        "import os, signal\npid = os.fork()\nif not pid:\n    signal.pause()\n",
        "billing.py started a process",
    ),
    _hazard(
        "process-pool",
        "from multiprocessing.resource_tracker import ensure_running\nensure_running()\n",
        "resource tracker",
    ),
    _hazard("gevent", "from gevent import monkey\nmonkey.patch_all()\n", "gevent is in use", "gevent"),
    _hazard("gevent-hub", "import gevent\ngevent.sleep(0)\n", "gevent is in use", "gevent"),
    _hazard("eventlet", "import eventlet\neventlet.monkey_patch()\n", "eventlet is in use", "eventlet"),
    _hazard("eventlet-hub", "import eventlet\neventlet.sleep(0)\n", "eventlet is in use", "eventlet"),
    _hazard(
        "atexit",
        "import atexit\natexit.register(print, 'bye')\n",
        "billing.py registered a function for the end of the process",
    ),
    _hazard(
        "fork-handler",
        "import os\nos.register_at_fork(after_in_child=lambda: None)\n",
        "billing.py registered a fork handler",
    ),
    _hazard(
        "temporary-folder", "import tempfile\nfolder = tempfile.TemporaryDirectory()\n", "billing.py made the temporary"
    ),
    _hazard(
        "finalizer",
        "import weakref\nclass Thing: pass\nthing = Thing()\nfinal = weakref.finalize(thing, print)\n",
        "billing.py made a finalizer",
    ),
    _hazard(
        "interval-timer",
        "import signal\nsignal.signal(signal.SIGALRM, lambda *_: None)\nsignal.setitimer(signal.ITIMER_REAL, 900)\n",
        "an interval timer runs",
    ),
    _hazard(
        "wakeup-descriptor",
        "import os, signal\nend = os.open('/dev/null', os.O_WRONLY | os.O_NONBLOCK)\nsignal.set_wakeup_fd(end)\n",
        "signals wake a descriptor",
    ),
    _hazard(
        "file-for-writing", "out = open('out.txt', 'w')\nout.write('begun')\n", "billing.py opened out.txt for writing"
    ),
    _hazard(
        "file-lock",
        "import fcntl\nlock = open('lock', 'a')\nfcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)\n",
        "billing.py holds a file lock",
    ),
    _hazard(
        "one-address",
        "import os, socket\nonly = socket.socket(socket.AF_UNIX)\nonly.bind('\\0' + os.getcwd())\nonly.listen()\n",
        "billing.py opened a listening socket",
    ),
    _hazard("shared-map", "import mmap\npage = mmap.mmap(-1, 4096)\npage[0] = 1\n", "billing.py shares memory"),
    _hazard(
        "shared-lock",
        "import multiprocessing\nlock = multiprocessing.get_context('fork').Lock()\n",
        "memory is shared with other processes (sem.",
    ),
    _hazard("trace-function", "import sys\nsys.settrace(lambda *_: None)\n", "a trace function is installed"),
    _hazard("profile-function", "import sys\nsys.setprofile(lambda *_: None)\n", "a profile function is installed"),
    _hazard(
        "monitoring",
        "import sys\nsys.monitoring.use_tool_id(3, 'meter')\n",
        "sys.monitoring is used by meter",
        python=(3, 12),
    ),
    _hazard("coverage", "import coverage\nmeter = coverage.Coverage(data_file=None)\nmeter.start()\n", "i", "coverage"),
    _hazard("question", "try:\n    name = input()\nexcept EOFError:\n    name = ''\n", "billing.py asked for input"),
    _hazard(
        "numpy-generator",
        "import numpy\nrng = numpy.random.default_rng()\ndef value():\n    return 'up'\n",
        "billing.rng is a random generator of NumPy",
        "numpy",
    ),
    # What is harmless
    _hazard(
        "idle-executor",
        "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(2)\ndef value():\n    return pool.submit(str, 'up').result()\n",
    ),
    _hazard("ended-thread", "import threading\nthread = threading.Thread(target=int)\nthread.start()\nthread.join()\n"),
    _hazard("ended-process", "import subprocess\nsubprocess.run(['true'], check=True)\n"),
    _hazard("closed-socket", _LISTEN + "server.close()\n"),
    _hazard("removed-folder", "import tempfile\nwith tempfile.TemporaryDirectory():\n    pass\n"),
    _hazard(
        "held-lock",
        "import threading\nlock = threading.Lock()\nlock.acquire()\ndef value():\n    return 'up' if lock.locked() else 'lost'\n",
    ),
    _hazard(
        "database-in-memory",
        "import sqlite3\nlink = sqlite3.connect(':memory:', check_same_thread=False)\nlink.execute('create table t (a)')\ndef value():\n    return 'up' if link.execute('select count(*) from t').fetchone() == (0,) else 'lost'\n",
    ),
    _hazard(
        "signal-handler",
        "import signal\nsignal.signal(signal.SIGUSR1, lambda *_: None)\ndef value():\n    return 'up' if callable(signal.getsignal(signal.SIGUSR1)) else 'lost'\n",
    ),
    _hazard(
        "blas",
        "import numpy\nproduct = numpy.ones((400, 400)) @ numpy.ones((400, 400))\ndef value():\n    return 'up' if (numpy.ones((400, 400)) @ numpy.ones((400, 400)) == product).all() else 'lost'\n",
        "",
        "numpy",
    ),
    _hazard(
        "log-file", "import logging\nlogging.basicConfig(filename='app.log', level='INFO')\nlogging.info('begun')\n"
    ),
    _hazard("gevent-imported", "import gevent\n", "", "gevent"),
    _hazard("eventlet-imported", "import eventlet\n", "", "eventlet"),
]
"""Every row. Some that the table of hazards names cannot be had in a test: see `tests/worker/test_descriptors.py`."""
