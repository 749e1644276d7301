"""firehot has no server of its own; this is one around it: libraries imported once, one fork for each reload."""

from __future__ import annotations

import sys
from pathlib import Path


def serve(port: int) -> None:
    """Import the app and serve it, in the process that firehot forked."""
    from app import app
    from werkzeug.serving import run_simple

    run_simple("127.0.0.1", port, app, threaded=True)


def main(port: int) -> None:
    """Serve, and fork anew after each change."""
    import firehot_server  # under the name by which firehot's process can import it
    from firehot import isolate_imports
    from watchfiles import PythonFilter, watch

    project = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in Path("shop").rglob("*.py")]
    with isolate_imports("app", ignored_modules=project) as libraries:
        running = libraries.exec(firehot_server.serve, port)
        for _ in watch(".", watch_filter=PythonFilter(), debounce=50, step=10):
            libraries.stop_isolated(running)
            libraries.update_environment()
            running = libraries.exec(firehot_server.serve, port)


if __name__ == "__main__":
    main(int(sys.argv[1]))
