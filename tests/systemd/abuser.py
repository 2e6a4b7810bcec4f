"""Runs inside the booted system as whatever user a test names: does to a socket all that a client should not, at once.

`abuser.py SOCKET SECONDS`; prints one JSON object at the end: how often each vice was begun, and of `served` how many
honest calls of the same user were answered. Imported by nobody; under the system's own interpreter.
"""

import collections
import contextlib
import json
import resource
import socket
import sys
import threading
import time

PATH, SECONDS = sys.argv[1], float(sys.argv[2])
INFO = b'{"method":"org.varlink.service.GetInfo"}\0'
WATCH = b'{"method":"io.numtrust.Status.Watch","more":true,"parameters":{}}\0'
HOLD = 400
"""Connections that the flood holds at once: more than the daemon gives to everybody together."""

end = time.monotonic() + SECONDS
counts = collections.Counter()


def left():
    return end - time.monotonic()


@contextlib.contextmanager
def connected():
    with socket.socket(socket.AF_UNIX) as channel:
        channel.settimeout(max(left(), 0.01))
        channel.connect(PATH)
        yield channel


def over(name, vice):
    """The vice again and again until the time is up; being thrown out is what it is there for."""
    while left() > 0:
        try:
            with connected() as channel:
                counts[name] += 1
                vice(channel)
        except OSError:
            time.sleep(0.002)


def half_a_message(channel):
    channel.sendall(INFO[:17])
    while channel.recv(4096):
        pass


def a_huge_line(channel):
    while left() > 0:
        channel.sendall(b"x" * 1_000_000)


def never_reads(channel):
    while left() > 0:
        channel.sendall(INFO * 1_000)


def watches_without_reading(channel):
    channel.sendall(WATCH)
    while left() > 0:
        time.sleep(min(max(left(), 0.0), 0.05))


def sends(what):
    def vice(channel):
        channel.sendall(what)
        while channel.recv(4096):
            pass

    return vice


def flood():
    held = collections.deque()
    while left() > 0:
        channel = socket.socket(socket.AF_UNIX)
        channel.setblocking(False)
        try:
            channel.connect(PATH)
        except OSError:  # the kernel's queue is full
            channel.close()
            time.sleep(0.001)
            continue
        counts["flood"] += 1
        held.append(channel)
        if len(held) > HOLD:
            held.popleft().close()


def honest():
    while left() > 0:
        with contextlib.suppress(OSError), connected() as channel:
            counts["asked"] += 1
            channel.sendall(INFO)
            counts["served"] += b'"vendor":"numtrustd"' in channel.recv(4096)
        time.sleep(0.05)


VICES = {
    "half a message": half_a_message,
    "a huge line": a_huge_line,
    "invalid UTF-8": sends(b'{"method":"\xff\xfe"}\0'),
    "deep JSON": sends(b'{"method":"io.numtrust.Status.GetStatus","parameters":' + b"[" * 50_000 + b"\0"),
    "deep parameters": sends(b'{"method":"io.numtrust.Status.GetNumber","parameters":{"number":' + b"[" * 900
                             + b"]" * 900 + b"}}\0"),
    "no message": sends(b"GET / HTTP/1.1\r\n\r\n\0"),
    "never reads": never_reads,
    "watches without reading": watches_without_reading,
}  # fmt: skip

most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(4_096, most), most))
threads = [threading.Thread(target=over, args=pair) for pair in VICES.items()]
threads += [threading.Thread(target=flood) for _ in range(2)]
threads += [threading.Thread(target=honest)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join(SECONDS + 10.0)
print(json.dumps(counts))
