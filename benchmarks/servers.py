"""The other processes: nginx and the exporter from Debian, with our own configuration in a temporary directory.

Never the system's services: these listen on free loopback ports, and only they are ended, by their own process ids.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import trustme
from msgspec import Struct

from benchmarks import machine, pages

EXPORTER = "prometheus-blackbox-exporter"
PACKAGES = {"nginx": "nginx-light", EXPORTER: EXPORTER}

NGINX = """
daemon off;
master_process off;
error_log stderr error;
pid {root}/nginx.pid;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {root}/tmp-body; proxy_temp_path {root}/tmp-proxy; fastcgi_temp_path {root}/tmp-fastcgi;
  uwsgi_temp_path {root}/tmp-uwsgi; scgi_temp_path {root}/tmp-scgi;
  keepalive_timeout 600s; keepalive_requests 1000000000; tcp_nodelay on; sendfile on;
  open_file_cache max=100000 inactive=1h; open_file_cache_valid 1h;
  ssl_certificate {root}/server.pem; ssl_certificate_key {root}/server.pem; ssl_protocols TLSv1.2 TLSv1.3;
  server {{
    listen 127.0.0.1:{plain} backlog=4096;
    listen 127.0.0.1:{tls} ssl backlog=4096;
    root {root}/www;
    location = /json {{ default_type application/json; }}
    location = /html {{ default_type "text/html; charset=utf-8"; }}
    location /fresh/ {{ keepalive_timeout 0; alias {root}/www/; default_type application/json; }}
    location = /dataApi {{ default_type "application/javascript; charset=utf-8"; try_files /onebox/$arg_query =404; }}
    location ~ ^/v2/enterprises/[^/]+/reputation/numbers/(\\+[0-9]+)$ {{
      default_type application/json; try_files /telnyx/$1 =404;
    }}
  }}
}}
"""

MODULES = """
modules:
  json:
    prober: http
    http: {{ preferred_ip_protocol: ip4, tls_config: {{ ca_file: {ca} }} }}
  html:
    prober: http
    http:
      preferred_ip_protocol: ip4
      tls_config: {{ ca_file: {ca} }}
      fail_if_body_not_matches_regexp: ['{marker}']
"""


class MissingError(Exception):
    """A program that is not installed."""


class Server(Struct):
    """A started nginx."""

    plain: str
    tls: str
    ca: Path

    def base(self, *, tls: bool) -> str:
        """`scheme://host:port`."""
        return self.tls if tls else self.plain


class Exporter(Struct):
    """A started exporter."""

    port: int
    pid: int


def need(program: str) -> str:
    """The program's path, or say which Debian package brings it."""
    found = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if found is None:
        raise MissingError(f"{program} is not installed: apt-get install {PACKAGES[program]}")
    return found


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@contextlib.contextmanager
def _process(core: int, command: list[str], port: int, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process on one core, from the moment it listens until the end of the block."""
    with machine.pinned(core):
        process = subprocess.Popen(command, env={**os.environ, **environ}, stdin=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1.0):
                break
            if process.poll() is not None:
                raise RuntimeError(f"{command[0]} ended with {process.returncode}")
            time.sleep(0.05)
        else:
            raise RuntimeError(f"{command[0]} does not listen")
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def web(root: Path, numbers: int) -> Iterator[Server]:
    """nginx on the other core, plain and with TLS by a test authority of its own, with pages for so many numbers."""
    program = need("nginx")
    (root / "www").mkdir()
    pages.write(root / "www", numbers)
    authority = trustme.CA()
    authority.issue_cert("127.0.0.1", "localhost").private_key_and_cert_chain_pem.write_to_path(
        str(root / "server.pem")
    )
    authority.cert_pem.write_to_path(str(root / "ca.pem"))
    plain, tls = _free_port(), _free_port()
    # As root it would drop to a user who may not read the temporary directory.
    user = "user root;\n" if os.geteuid() == 0 else ""
    config = root / "nginx.conf"
    config.write_text(user + NGINX.format(root=root, plain=plain, tls=tls))
    command = [program, "-p", str(root), "-e", "stderr", "-c", str(config)]
    with _process(machine.OTHER, command, plain):
        yield Server(f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{tls}", root / "ca.pem")


@contextlib.contextmanager
def exporter(root: Path, server: Server) -> Iterator[Exporter]:
    """The exporter on the measured core, one core's worth of it."""
    program = need(EXPORTER)
    config = root / "exporter.yml"
    config.write_text(MODULES.format(ca=server.ca, marker=pages.MARKER))
    port = _free_port()
    command = [program, f"--web.listen-address=127.0.0.1:{port}", f"--config.file={config}", "--log.level=error"]
    with _process(machine.MEASURED, command, port, GOMAXPROCS="1") as process:
        yield Exporter(port, process.pid)
