"""`python -m launcher`, the same as `launch`. Also started by its path: `launcher.run()` does that."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    # At the front is our own folder or, with -m, the current one, unless the interpreter was told to leave that out. A
    # project may have a `json.py`.
    if not getattr(sys.flags, "safe_path", sys.flags.isolated):
        sys.path.pop(0)
    by_path = not __package__
    if by_path:
        sys.path.insert(0, __file__.rpartition("launcher")[0])
    from launcher.cli.main import main

    if by_path:
        sys.path.pop(0)  # the package is found from now on; what else lies beside it is not for us to import
    main()
