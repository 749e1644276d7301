"""`python -m launcher`, the same as `launch`."""

from __future__ import annotations

from launcher.cli.main import main

if __name__ == "__main__":
    main()
