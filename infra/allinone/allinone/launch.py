"""Start one program as a child that cannot outlive its supervisor.

Run as a script (`python -I -S launch.py DEATH_SIGNAL PARENT_PID USER|- PROGRAM ARG…`), because the
kernel wants the steps in this order, in the child, and code between fork and exec of a process
with threads is not safe in Python: drop root, ask for a signal at the parent's death, exec.
"""

import ctypes
import os
import pwd
import sys

PR_SET_PDEATHSIG = 1


def die_with(parent: int, death_signal: int) -> None:
    """Have the kernel send this process `death_signal` when `parent` dies (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)


def main(arguments: list[str]) -> None:
    """Become the program; never returns."""
    death_signal, parent, user, program = arguments[0], arguments[1], arguments[2], arguments[3:]
    if user != "-":
        entry = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
        os.environ["HOME"] = entry.pw_dir
    die_with(int(parent), int(death_signal))
    os.execv(program[0], program)


if __name__ == "__main__":
    main(sys.argv[1:])
