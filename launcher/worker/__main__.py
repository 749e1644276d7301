"""The worker as a program: `python launcher/worker/__main__.py CHANNEL LIFELINE CRASHLOG [READINGLOG [FOLDER ...]]`.

The first four are inherited descriptors. Without READINGLOG, or with -1, every file that is read is told by a message.
A process for the failure page runs without `site` and in the root folder, and finds its libraries in the folders.

Started by path and not with `-m`, because that would put the current directory at the front of `sys.path`, where the
user's files could shadow the standard library and us.
"""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    if not getattr(sys.flags, "safe_path", sys.flags.isolated):
        sys.path.pop(0)
    sys.path.insert(0, __file__.rpartition("launcher")[0])
    from launcher.worker.run import main

    # The package is found from now on; what else lies beside it is not for the app to import.
    sys.path.pop(0)
    if len(sys.argv) > 5:
        sys.path += sys.argv[5:]
        os.chdir("/")
    raise SystemExit(main(*map(int, sys.argv[1:5])))
