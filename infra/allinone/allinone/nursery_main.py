"""The process that services are forked from (see nursery.py): `nursery_main NAME MODULE…`.

Reads one order a line, `{"module", "arguments", "env", "log"}`, and says `{"started": pid}`; later
`{"ended": pid, "code": …}`. It has one thread and no event loop, so that forking it is safe.
"""

import gc
import importlib
import json
import os
import runpy
import signal
import sys
from typing import Any

from allinone.launch import die_with


def main() -> None:
    """Import, then fork to order until the supervisor closes our input."""
    for module in sys.argv[2:]:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()  # children share these pages as long as nobody writes to them
    signal.signal(signal.SIGCHLD, _collect)
    for line in sys.stdin:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # "started" before "ended"
        nursery, order = os.getpid(), json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(order, nursery)
        os.setpgid(pid, pid)  # its own group before anyone is told of it
        _say({"started": pid})
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})


def _become(order: dict[str, Any], nursery: int) -> None:
    """In the child: run the module as `python -m` would, and end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    die_with(nursery, signal.SIGKILL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for ours, standard in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(ours, standard)
    os.environ.update(order["env"])
    sys.argv[1:] = order["arguments"]
    runpy.run_module(order["module"], run_name="__main__", alter_sys=True)
    sys.exit()


def _collect(*_: object) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _say({"ended": pid, "code": os.waitstatus_to_exitcode(status)})


def _say(said: dict[str, int]) -> None:
    os.write(1, json.dumps(said).encode() + b"\n")


if __name__ == "__main__":
    main()
