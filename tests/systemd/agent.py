"""Runs inside the booted system, under its own interpreter: does what a test asks for over a socket file.

One JSON line a request and one a reply, one request a connection; `{"stop": true}` ends it. Imported by nobody.
"""

import json
import os
import pwd
import signal
import socketserver
import subprocess
import sys
import threading


def run(request):
    """A command with its output; `user` is whom it runs as, with that user's groups."""
    who = {}
    if request.get("user"):
        entry = pwd.getpwnam(request["user"])
        groups = os.getgrouplist(entry.pw_name, entry.pw_gid)
        who = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": groups}
    child = subprocess.Popen(
        request["argv"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **request.get("env", {})},
        cwd="/",
        text=True,
        errors="replace",
        start_new_session=True,
        **who,
    )
    try:
        out, err = child.communicate(request.get("input", ""), request["timeout"])
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        out, err = child.communicate()
        return {"status": 124, "out": out, "err": f"{err}\n(killed after {request['timeout']} s)"}
    return {"status": child.returncode, "out": out, "err": err}


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        request = json.loads(self.rfile.readline())
        if request.get("stop"):
            # Answered first: the process does not wait for this thread, and an answer that is cut off is a failed test.
            self.wfile.write(b"{}\n")
            threading.Thread(target=self.server.shutdown).start()
            return
        try:
            reply = run(request)
        except OSError as error:
            reply = {"status": 127, "out": "", "err": str(error)}
        self.wfile.write(json.dumps(reply).encode() + b"\n")


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


with Server(sys.argv[1], Handler) as server:
    server.serve_forever(0.05)
