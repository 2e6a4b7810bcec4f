"""HTTP CONNECT (RFC 9110 §9.3.6): a tunnel through an HTTP proxy, over a connection to it that `dialler` opened.

Nothing that the proxy says is repeated but its status and the names of known ways to log in: an answer may echo what
it was asked with, the password included.
"""

from http import HTTPStatus
from typing import Final

from numtrustd import __version__
from numtrustd.http.fault import Fault
from numtrustd.http.framing import Headers, read_connect_answer
from numtrustd.http.stream import Stream
from numtrustd.wire.exchange import Failure, Limits
from numtrustd.wire.route import Proxy

_PHRASES: Final = {status.value: f" {status.phrase}" for status in HTTPStatus}
_SCHEMES: Final = ("Basic", "Digest", "NTLM", "Negotiate", "Kerberos", "Bearer")


async def connect_tunnel(stream: Stream, proxy: Proxy, host: str, port: int, limits: Limits) -> None:
    """Have the proxy connect to `host`, a name or bare IP address; afterwards the stream is that connection.

    Raises `Fault` when it does not: CONNECT (it said no), else as `framing`.
    """
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}", f"User-Agent: numtrustd/{__version__}"]
    if proxy.user:
        lines.append(f"Proxy-Authorization: Basic {proxy.basic}")
    await stream.send_all("\r\n".join([*lines, "", ""]).encode("ascii"))
    status, headers, rest = await read_connect_answer(stream, limits)
    if not 200 <= status <= 299:
        raise Fault(Failure.CONNECT, _refusal(status, headers, proxy, target))
    # In TLS we speak first, so the far side cannot have said anything yet.
    if rest:
        raise Fault(Failure.PROTOCOL, "said more than its answer before anything was sent through it")


def _refusal(status: int, headers: Headers, proxy: Proxy, target: str) -> str:
    if status != HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return f"answered {status}{_PHRASES.get(status, '')} to CONNECT {target}"
    what = "does not accept the user and password" if proxy.user else "wants a user and a password"
    offered = " ".join(value for name, value in headers if name == "proxy-authenticate").casefold()
    schemes = [scheme for scheme in _SCHEMES if scheme.casefold() in offered]
    if schemes and "Basic" not in schemes:
        return f"{what} (407); it knows {', '.join(schemes)}, and only Basic is spoken here"
    return f"{what} (407)"
