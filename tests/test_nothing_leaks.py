"""Secrets, and what is made of them, stay where they belong: whatever a platform repeats, nobody gets to see it."""

import http.server
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
import trio
import trio.testing

from numtrustd.clock import Random, VirtualClock
from numtrustd.daemon import Daemon
from numtrustd.events import ActionAnswered, VerdictBaseline
from numtrustd.look import look_once
from numtrustd.settings import Loaded, load, render
from numtrustd.sim.stories import DEMO_ORIGIN
from numtrustd.store import Store
from numtrustd.wire.exchange import Failure, Limits, NotSent, Outcome, Reply, Request
from numtrustd.wire.route import Route
from tests.actors.parts import shm
from tests.logcheck import MemoryLog

__all__ = ["shm"]

Autojump = trio.testing.MockClock
DAY = 86_400.0

ID, KEY, AES, IV = "me-and-you", 'p/a+s"s w\\ord=', "0123456789abcdef", "fedcba9876543210"
SECRETS = {"acme-id": ID, "acme-key": KEY, "acme-aes": AES, "acme-iv": IV}

PACK = """\
[platform]
id = "acme"
name = "Acme"
class = "data_owner"
official_hosts = ["acme.example"]

[[source]]
id = "acme.lookup"
title = "Acme"
kinds = ["mobile"]
cadence = "6h"
reading = [{{ platform = "acme" }}]
[source.request]
{request}
[source.views.json]
steps = [{{ do = "json" }}]
[[source.rule]]
name = "clean"
when = [{{ view = "json", path = "label", equals = "none" }}]
then = {{ say = "clean" }}
[[source.rule]]
name = "marked"
when = [{{ view = "json", path = "label", nonempty = true }}]
then = {{ say = "marked", category = "nuisance", words = {{ view = "json", path = "label" }} }}
"""

APPEAL = """
[appeal]
channel = "http"
[[appeal.attempt]]
evidence = []
[appeal.http.submit]
views = { json = { steps = [{ do = "json" }] } }
[appeal.http.submit.request]
url = "https://acme.example/appeals?ref={ref}&sign={sign}"
method = "POST"
json = { number = "{e164}", nonce = "{nonce}" }
[appeal.http.submit.request.auth]
kind = "hmac"
key = "{secret:acme-key}"
of = "{secret:acme-id}{body}{timestamp}"
[[appeal.http.submit.rule]]
name = "refused"
when = [{ view = "json", path = "label", nonempty = true }]
then = { say = "refused", reason = { view = "json", path = "label" } }
"""

GET = 'url = "https://acme.example/look?n={{e164}}{}"\n[source.request.auth]\nkind = "{}"\n'
REQUESTS = {
    "basic": GET.format("", "basic") + 'user = "{secret:acme-id}"\npassword = "{secret:acme-key}"\n',
    "bearer": GET.format("", "bearer") + 'token = "{secret:acme-key}"\n',
    "header": GET.format("", "header") + 'name = "X-Key"\nvalue = "{secret:acme-key}"\n',
    "query": GET.format("", "query") + 'name = "key"\nvalue = "{secret:acme-key}"\n',
    "digest": GET.format("&sign={sign}&at={timestamp_ms}", "digest")
    + 'encoding = "base64"\nof = "{secret:acme-key}{timestamp_ms}{nonce}"\n',
    "digest, always the same": GET.format("&sign={sign}", "digest") + 'of = "{secret:acme-id}{secret:acme-key}"\n',
    "hmac": GET.format("&sign={sign}", "hmac") + 'key = "{secret:acme-key}"\nof = "{path}{nonce}"\n',
    "bce": GET.format("", "bce") + 'access_key = "{secret:acme-id}"\nsecret_key = "{secret:acme-key}"\n',
    "in a body": """\
url = "https://acme.example/look"
method = "POST"
json = { n = "{e164}", appId = "{secret:acme-id}", appKey = "{secret:acme-key}", phone = "{sealed}" }
[source.request.cipher.mobile]
kind = "aes_cbc"
of = "{national}"
key = "{secret:acme-aes}"
iv = "{secret:acme-iv}"
""",
    "in a file": """\
url = "https://acme.example/look"
method = "POST"
multipart = { fields = { key = "{secret:acme-key}" }, file = { name = "f", content = "{national}" } }
""",
}
KINDS = pytest.mark.parametrize("kind", REQUESTS)


def written(root: Path, request: str, base_url: str = "", more: str = "") -> Path:
    """A configuration whose one source asks like this."""
    for folder in ("credentials", "platforms.d"):
        (root / folder).mkdir()
    for name, secret in SECRETS.items():
        (root / "credentials" / name).write_text(secret)
        (root / "credentials" / name).chmod(0o600)
    (root / "numbers.csv").write_text("number\n13900000001\n")
    (root / "platforms.d" / "acme.toml").write_text(PACK.format(request=request) + more)
    config = root / "numtrustd.toml"
    there = f'[source."acme.lookup"]\nbase_url = "{base_url}"\n' if base_url else ""
    main = '[platforms]\nshipped = false\n[credentials]\ndir = "credentials"\n[company]\nname = "E"\n'
    config.write_text(main + there + "[numbers]\nfiles = ['numbers.csv']\n")
    return config


def forms(request: Request) -> set[str]:
    """What in a request nobody else may see, in each way in which it can be written."""
    private = set(request.private) | {ID, KEY, AES, IV}
    for name, value in request.headers:
        if name.lower() in ("authorization", "x-key"):
            private |= {value, value.partition(" ")[2] or value, value.rpartition("/")[2]}
    private |= set(re.findall(r"[?&](?:sign|key)=([^&]+)", request.target))
    escaped = {json.dumps(text)[1:-1] for text in private} | {quote(text, safe="") for text in private}
    # "Basic", "Bearer" and the like are nobody's secret.
    return {text for text in private | escaped | {repr(text)[1:-1] for text in private} if len(text) >= 8}


def repeated(request: Request) -> bytes:
    """All that a platform heard, in the words of its label."""
    heard = {"headers": dict(request.headers), "target": request.target, "body": request.body.decode()}
    texts = [*heard["headers"].values(), heard["target"], heard["body"]]  # type: ignore[union-attr]
    return json.dumps({"number": "13900000001", "label": " ".join(map(str, texts))[:2_000], **heard}).encode()


@dataclass
class Parrot:
    """A way out to platforms that repeat what they hear; on `silent` days the way there does, in its own words."""

    requests: list[Request] = field(default_factory=list)
    silent: bool = False

    def session(self, *, connections: int, limits: Limits, route: Route) -> "Parrot":
        return self

    async def fetch(self, request: Request) -> Outcome:
        await trio.sleep(0.1)
        self.requests.append(request)
        said = repeated(request)
        return NotSent(Failure.CONNECT, said.decode()) if self.silent else Reply(200, (), said)

    async def aclose(self) -> None: ...


async def run(config: Path, state: Path, parrot: Parrot, log: MemoryLog, clock: VirtualClock, days: float) -> None:
    loaded = load(config, {})
    assert isinstance(loaded, Loaded), render(loaded)
    with Store.open(state, init=True, map_size=1 << 24, now=clock.now(), inline=True) as store:
        async with Daemon(loaded, store, log, clock, Random(1), {}).working(parrot):
            await trio.sleep(days * DAY)


def leaks(parrot: Parrot, log: MemoryLog, state: Path) -> list[str]:
    kept = b"".join(log.sink.lines) + b"".join(file.read_bytes() for file in state.iterdir() if file.is_file())
    assert b"[redacted]" in kept
    return [text for request in parrot.requests for text in forms(request) if text.encode() in kept]


@pytest.mark.covers("L5")
@KINDS
@pytest.mark.parametrize("silent", [False, True])
async def test_neither_the_log_nor_the_state_has_it(
    kind: str, silent: bool, shm: Path, autojump_clock: Autojump
) -> None:
    config, state = written(shm, REQUESTS[kind]), shm / "state"
    clock, parrot = VirtualClock(DEMO_ORIGIN), Parrot(silent=silent)
    log = MemoryLog(clock)
    await run(config, state, parrot, log, clock, 0.5)
    assert len(parrot.requests) >= 2
    assert bool(log.of(VerdictBaseline)) is not silent
    assert leaks(parrot, log, state) == []


@pytest.mark.covers("L5")
async def test_an_appeal_api_that_repeats_a_signature(shm: Path, autojump_clock: Autojump) -> None:
    config, state = written(shm, REQUESTS["hmac"], more=APPEAL), shm / "state"
    clock, parrot = VirtualClock(DEMO_ORIGIN), Parrot()
    log = MemoryLog(clock)
    await run(config, state, parrot, log, clock, 9.0)
    submitted = [request for request in parrot.requests if request.method == "POST"]
    assert submitted
    nonces = [json.loads(request.body)["nonce"] for request in parrot.requests if request.method == "POST"]
    assert all(re.fullmatch(r"[0-9a-f]{32}", nonce) for nonce in nonces)
    assert len(set(nonces)) == len(nonces)
    answered = log.of(ActionAnswered)
    assert answered
    assert "[redacted]" in answered[0].result
    assert leaks(parrot, log, state) == []


# ----------------------------------------------------------------------------------------------------- look --verbose


@pytest.fixture
def loud() -> Iterator[tuple[str, list[Request]]]:
    """A server on this machine that repeats what it hears: its address, and what that was."""
    heard: list[Request] = []

    class Loud(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = Request(self.command, "http://x", self.path, tuple(self.headers.items()), body)
            heard.append(request)
            said = repeated(request)
            self.send_response(200)
            self.send_header("X-Heard", self.headers.get("Authorization", self.path))
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_POST = do_GET

        def log_message(self, *args: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Loud)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", heard
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.covers("L5")
@KINDS
def test_look_shows_everything_but_that(kind: str, tmp_path: Path, loud: tuple[str, list[Request]]) -> None:
    address, heard = loud
    config, said = written(tmp_path, REQUESTS[kind], address), []
    look_once("13900000001", config, {}, platform=None, source=None, verbose=True, record=None, echo=said.append)
    shown = "\n".join(said)
    assert len(heard) == 1
    assert "[redacted]" in shown
    assert "marked category=nuisance" in shown
    assert [text for text in forms(heard[0]) if text in shown] == []


def test_look_shows_what_is_around_a_secret(tmp_path: Path, loud: tuple[str, list[Request]]) -> None:
    config, said = written(tmp_path, REQUESTS["bce"], loud[0]), []
    look_once("13900000001", config, {}, platform=None, source=None, verbose=True, record=None, echo=said.append)
    line = next(line for line in said if line.startswith("> Authorization"))
    assert re.fullmatch(r"> Authorization: bce-auth-v1/\[redacted\]/20\S+Z/1800/\[redacted\]", line)
    assert next(line for line in said if line.startswith("> x-bce-date"))
