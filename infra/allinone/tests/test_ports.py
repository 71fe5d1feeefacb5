"""Ports are held until their child starts."""

import socket
import subprocess
import sys

import pytest

from allinone.ports import LOOPBACK, Claim, PortTaken, claim


def test_a_claimed_port_is_taken_until_released() -> None:
    held = claim()
    with pytest.raises(PortTaken, match=str(held.port)):
        Claim(held.port)
    with socket.socket() as child:
        child.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError):
            child.bind((LOOPBACK, held.port))
        held.release()
        child.bind((LOOPBACK, held.port))


def test_the_first_free_preference_wins() -> None:
    taken, free = claim(), claim()
    free.release()
    chosen = claim([None, taken.port, free.port])
    assert chosen.port == free.port
    chosen.release()
    taken.release()


def test_a_port_with_lingering_connections_is_free() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection((LOOPBACK, port)):
            server.accept()[0].close()  # the server's side closes first and lingers
    claim([port]).release()
    assert claim([port]).port == port


def test_another_platform_keeps_off_a_port_whose_child_is_about_to_listen() -> None:
    ours = claim()
    ours.release()
    other = "import sys; from allinone.ports import Claim; Claim(int(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", other, str(ours.port)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and "PortTaken" in done.stderr
    Claim(ours.port).release()  # our own child may be started again
