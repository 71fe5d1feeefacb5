"""Free ports on the loopback interface, held until the child that will listen on them starts."""

import random
import socket
from collections.abc import Iterable
from pathlib import Path

LOOPBACK = "127.0.0.1"
_LOWEST = 15_000
_RANGE_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_DEFAULT_EPHEMERAL_LOW = 32_768


_ours: dict[int, socket.socket] = {}  # reservations by port, as long as this process lives


class PortTaken(RuntimeError):
    """The port the user asked for is in use by something else."""


class Claim:
    """A bound socket that keeps everyone else off a port until `release()`.

    Between that and the moment the child listens, and while it is started again, a reservation
    keeps other platforms off: two that start at once do not take each other's port.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        _reserve(port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        # SO_REUSEADDR while binding ignores connections of the last run that linger in TIME_WAIT;
        # switched off afterwards it makes every other bind of this port fail.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((LOOPBACK, port))
        except OSError:
            self._socket.close()
            raise PortTaken(f"port {port} on {LOOPBACK} is in use by another program") from None
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)

    def release(self) -> None:
        """Free the port for the child about to start."""
        self._socket.close()


def _reserve(port: int) -> None:
    """An abstract socket is a lock that the kernel takes back; raises PortTaken."""
    if port in _ours:
        return
    reservation = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        reservation.bind(f"\0huiyuan-port-{port}")
    except OSError:
        reservation.close()
        raise PortTaken(f"port {port} on {LOOPBACK} is kept by another platform") from None
    _ours[port] = reservation


def claim(preferred: Iterable[int | None] = ()) -> Claim:
    """The first of `preferred` that is free, else any free port.

    Chosen below the range the kernel gives to outgoing connections, so that a restarted child
    finds its port as it left it.
    """
    for port in preferred:
        if port is not None:
            try:
                return Claim(port)
            except PortTaken:
                continue
    lowest, highest = _LOWEST, _ephemeral_low() - 1
    while True:
        try:
            return Claim(random.SystemRandom().randint(lowest, highest))
        except PortTaken:
            continue


def _ephemeral_low() -> int:
    try:
        low = int(_RANGE_FILE.read_text().split()[0])
    except (OSError, ValueError):
        low = _DEFAULT_EPHEMERAL_LOW
    return low if low > _LOWEST + 1_000 else 65_535
