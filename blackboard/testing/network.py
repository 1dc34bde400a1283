"""No test leaves this machine."""

import ipaddress
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

LOCAL_NAMES = frozenset({"localhost", "", None})


class NetworkUsed(AssertionError):
    """Something has reached for the network."""


@contextmanager
def forbid_network() -> Iterator[None]:
    """Inside, a connection that leaves this machine, and the question for a name's address, is NetworkUsed.

    This machine itself (127.0.0.1, localhost, sockets that are files) stays open. As a fixture:

        @pytest.fixture(autouse=True)
        def no_network():
            with forbid_network():
                yield
    """
    ways = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex", "sendto")}
    own = {name: way for name, way in vars(socket.socket).items() if name in ways}  # guarded already
    resolve = socket.getaddrinfo

    def getaddrinfo(host: Any, *more: Any, **options: Any) -> Any:
        if not _is_local(host):
            raise NetworkUsed(f"a test asks for the address of {host}")
        return resolve(host, *more, **options)

    try:
        for name, real in ways.items():
            setattr(socket.socket, name, _guarded(real))
        socket.getaddrinfo = getaddrinfo
        yield
    finally:
        for name in ways:
            delattr(socket.socket, name)  # what it has from its base stands again
        for name, way in own.items():
            setattr(socket.socket, name, way)
        socket.getaddrinfo = resolve


def _guarded(real: Callable[..., Any]) -> Callable[..., Any]:
    def reach(self: socket.socket, *arguments: Any) -> Any:
        address = arguments[-1]
        is_inet = self.family in {socket.AF_INET, socket.AF_INET6}
        if is_inet and isinstance(address, tuple) and not _is_local(address[0]):
            raise NetworkUsed(f"a test connects to {address}")
        return real(self, *arguments)

    return reach


def _is_local(host: Any) -> bool:
    if host in LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else host).is_loopback
    except ValueError:
        return False
