"""Prints the page of a cold start: python cold.py EXPRESSION PATH. Runs in the environment of the app."""

import io
import sys
from importlib import import_module


def main() -> None:
    sys.path.insert(0, "")
    app = eval(sys.argv[1], {"import_module": import_module})
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": sys.argv[2],
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": sys.argv[3],
        "HTTP_HOST": f"127.0.0.1:{sys.argv[3]}",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    body = b"".join(app(environ, lambda *_: None))
    sys.stdout.buffer.write(b"@@PAGE@@" + body)


if __name__ == "__main__":
    main()
