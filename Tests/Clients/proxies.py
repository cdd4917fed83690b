"""An application behind a reverse proxy that asks `/v1/forward-auth`: the configurations of docs/proxies, run for real."""

import http.server
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading

import harness
from ports import free_port

FOLDER = harness.TOP / "docs" / "proxies"
SITE_HOST = "www.customer.example"
SITE_ORIGIN = f"https://{SITE_HOST}"
ADDED = ("X-Token-Workspace", "X-Token-Environment", "X-Token-Campaign", "X-Token-Subject", "X-Token-Session")


class Application:
    """The upstream: answers with what it was asked, and keeps it; or with a page."""

    def __init__(self):
        self.seen, self.pages = [], {}
        application = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = {
                    "method": self.command, "path": self.path, "headers": self.headers.items(),
                    "body": body.decode("latin-1"), "connection": self.client_address[1],
                }  # fmt: skip
                application.seen.append(request)
                page = application.pages.get(self.path)
                answer = (page or json.dumps(request)).encode()
                self.send_response(401 if self.path == "/says-401" else 200)
                self.send_header("Content-Type", "text/html" if page else "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer)

            do_POST = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_PATCH = do_GET

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                """A proxy may drop a connection of its pool."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def program(name):
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    assert found, f"{name} is missing: scripts/install-deps test installs it"
    return found


def configuration(name, substitutes):
    """A file of docs/proxies with its addresses and ids replaced; each must stand in it."""
    text = (FOLDER / name).read_text()
    for old, new in substitutes.items():
        assert old in text, f"{name} does not hold {old!r}"
        text = text.replace(old, new)
    return text


def free_folder():
    return pathlib.Path(tempfile.mkdtemp(prefix="proxy-"))


class Proxy:
    """One running proxy before one application. A context manager; the end is SIGTERM, then SIGKILL."""

    def __init__(self, kind, service_address, application, campaign, workspace_id, site=None):
        """With `site`, a host's name, the origin of the site is that name with this proxy's port."""
        self.kind, self.folder, self.port = kind, free_folder(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.origin = f"http://{site}:{self.port}" if site else SITE_ORIGIN
        common = {
            "127.0.0.1:8080": service_address,
            "127.0.0.1:3000": application.address,
            "WORKSPACE_ID": workspace_id,
            "CAMPAIGN_ID": campaign,
            "environment=live": "environment=test",
            SITE_ORIGIN: self.origin,
        }
        # Where a configuration says the site in parts: the origin is gone by then.
        scheme, _, host = self.origin.partition("://")
        self.parts = {"X-Forwarded-Proto https": f"X-Forwarded-Proto {scheme}", SITE_HOST: host} if site else {}
        self.command = getattr(self, f"_{kind}")(common)
        self.log = open(self.folder / "log", "wb")

    def _nginx(self, common):
        text = configuration(
            "nginx.conf", {
                **common, **self.parts, "listen 8000": f"listen 127.0.0.1:{self.port}",
                "/var/log/nginx": str(self.folder),
            },  # fmt: skip
        )
        path = self.folder / "nginx.conf"
        path.write_text(text)
        settings = f"daemon off; pid {self.folder}/pid;"
        return [program("nginx"), "-e", "stderr", "-p", self.folder, "-c", path, "-g", settings]

    def _haproxy(self, common):
        shutil.copy(FOLDER / "forward-auth.lua", self.folder)
        text = configuration(
            "haproxy.cfg",
            {
                **common, "bind :8000": f"bind 127.0.0.1:{self.port}", "/etc/haproxy/": f"{self.folder}/",
                "abns@token-check": f"abns@token-check-{self.port}",
            },  # fmt: skip
        )
        path = self.folder / "haproxy.cfg"
        path.write_text(text)
        return [program("haproxy"), "-db", "-f", path]

    def _caddy(self, common):
        path = self.folder / "Caddyfile"
        path.write_text(
            configuration("Caddyfile", {**common, **self.parts, ":8000 {": f"http://:{self.port} {{\n\tbind 127.0.0.1"})
        )
        return [program("caddy"), "run", "--config", path, "--adapter", "caddyfile"]

    def __enter__(self):
        env = {**harness.clean_environment(), "HOME": str(self.folder)}
        self.process = subprocess.Popen(
            [str(word) for word in self.command],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT, env=env, cwd=self.folder,
        )  # fmt: skip
        try:
            harness.wait_until(f"{self.kind} listens: {self.command}", self._listens)
        except AssertionError as error:
            self.__exit__()
            raise AssertionError(f"{error}\n{self.output}") from None
        return self

    def _listens(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.kind} ended with {self.process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout=5)
        self.log.close()
        self.output = (self.folder / "log").read_text("utf-8", "replace")
        shutil.rmtree(self.folder, ignore_errors=True)
        assert not harness.TOKEN_SHAPE.search(self.output), f"a token in the log of {self.kind}"
