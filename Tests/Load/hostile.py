#!/usr/bin/env python3
"""Holds thousands of slow and hostile clients against the executable while a good client goes on asking.

For each kind of client: all connect, each does its worst, and meanwhile the good client validates a token at a steady rate.
Counted are the good client's failures and the 99th percentile of its answers (against the same client alone just before),
the service's memory for each connection held, and the time until the last of them is gone.

  TOKENSERVICE_BIN=.build/release/token-service Tests/Load/hostile.py [KIND…] [--clients 5000] [--minutes M]

With --minutes no kind is begun that would not be through by then, as long as the longest so far took; the first one always is.

Standard library only; service on the first processor, clients on the second, loopback. The last line is
`N passed, N failed`; the exit code is 1 where one failed.
"""
import argparse
import http.client
import json
import multiprocessing
import os
import pathlib
import re
import resource
import selectors
import socket
import ssl
import subprocess
import sys
import tempfile
import time

import kinds

TOP = pathlib.Path(__file__).resolve().parents[2]
GOOD_PER_SECOND = 200
QUIET_SECONDS = 5.0
GONE_SECONDS = 30.0
CONNECTION_BYTES_MAX = 16 * 1024
SLOWER_MILLISECONDS_MAX = 5.0
GOOD_SHARE_MIN = 0.9999


def executable():
    path = os.environ.get("TOKENSERVICE_BIN") or TOP / ".build/release/token-service"
    if not os.access(path, os.X_OK):
        sys.exit(f"{path} is not there: swift build -c release, or set TOKENSERVICE_BIN")
    return str(path)


class Service:
    """The executable on its own processor."""

    def __init__(self, folder, tls=False):
        self.folder, self.tls = pathlib.Path(folder), tls
        made = subprocess.run(
            [executable(), "init", "--data-dir", str(self.folder / "data"), "--issuer", "http://localhost:8080",
             "--environment", "test", "--json"],
            check=True, capture_output=True, text=True,
        )
        self.key = json.loads(made.stdout)["api_key"]["secret"]
        command = [executable(), "serve", "--data-dir", str(self.folder / "data"), "--listen", "127.0.0.1:0",
                   "--admin-listen", "127.0.0.1:0", "--loops", "1"]
        if tls:
            pair = [str(self.folder / name) for name in ("key.pem", "certificate.pem")]
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                 "-subj", "/CN=localhost", "-keyout", pair[0], "-out", pair[1]],
                check=True, capture_output=True,
            )
            command += ["--tls-cert", pair[1], "--tls-key", pair[0]]
        self.log = open(self.folder / "log", "w+")
        self.process = subprocess.Popen(
            ["taskset", "-c", "0", *command], stdout=self.log, stderr=self.log,
            # All clients have one address here.
            env={**os.environ, "TOKENSERVICE_ADDRESS_LIMIT": "off"},
        )
        deadline = time.monotonic() + 20
        while True:
            ports = re.findall(r"127\.0\.0\.1:(\d+)", (self.folder / "log").read_text())
            if len(ports) >= 2:
                break
            if time.monotonic() > deadline or self.process.poll() is not None:
                sys.exit("the service did not start:\n" + (self.folder / "log").read_text())
            time.sleep(0.02)
        self.port = int(ports[0])

    def connect(self):
        """A connection of a well-behaved client."""
        if self.tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=context)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def token(self):
        connection = self.connect()
        connection.request(
            "POST", "/v1/participant-tokens",
            json.dumps({"campaign_id": "camp_load", "participant_email": "good@example.com"}),
            {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
        )
        return json.loads(connection.getresponse().read())["participant_token"]

    def resident(self):
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text())[1]) * 1024

    def sockets(self):
        folder, count = f"/proc/{self.process.pid}/fd", 0
        for name in os.listdir(folder):
            try:
                count += os.readlink(f"{folder}/{name}").startswith("socket:")
            except OSError:
                pass
        return count

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


def good_client(service, token, until, results):
    """Validates a token at a steady rate; puts (milliseconds of each answer, failures)."""
    times, failures, connection = [], 0, service.connect()
    due = time.monotonic()
    while not until.is_set():
        begun = time.monotonic()
        try:
            connection.request("GET", "/v1/widget/session", headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                failures += 1
        except (OSError, http.client.HTTPException):
            failures += 1
            connection = service.connect()
        times.append((time.monotonic() - begun) * 1000)
        due = max(due + 1 / GOOD_PER_SECOND, time.monotonic() - 0.1)
        time.sleep(max(0.0, due - time.monotonic()))
    results.put((times, failures))


class Watch:
    """The good client in a process of its own, from `with` to its end."""

    def __init__(self, service, token):
        self.until, self.queue = multiprocessing.Event(), multiprocessing.Queue()
        self.process = multiprocessing.Process(target=good_client, args=(service, token, self.until, self.queue))

    def __enter__(self):
        self.process.start()
        return self

    def __exit__(self, *_):
        self.until.set()
        self.times, self.failures = self.queue.get(timeout=60)
        self.process.join(20)

    @property
    def p99(self):
        ordered = sorted(self.times)
        return ordered[int(len(ordered) * 0.99)]


HEAD = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n"


class Kind:
    """One way of being slow: what is sent at once, and what each second."""

    tls = False
    reads = True
    receive_buffer = None

    def first(self):
        return b""

    def drip(self):
        return b""


class Idle(Kind):
    """Connects and says nothing."""


class SlowHead(Kind):
    """A byte of a field each second."""

    def first(self):
        return HEAD + b"X-Slow: "

    def drip(self):
        return b"a"


class SlowBody(Kind):
    """A byte of a body each second."""

    def first(self):
        return (b"POST /v1/widget/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Content-Length: 9000\r\n\r\n{")

    def drip(self):
        return b" "


class SlowRead(Kind):
    """Asks for much and reads nothing."""

    reads = False
    receive_buffer = 2048

    def first(self):
        return b"GET /openapi.yaml HTTP/1.1\r\nHost: localhost\r\n\r\n" * 4


class HalfHandshake(Kind):
    """The first bytes of a ClientHello, and a byte each second."""

    tls = True

    def first(self):
        return bytes.fromhex("16030100c8010000c40303")

    def drip(self):
        return b"\0"


class Flood(Kind):
    """Sixteen requests in one packet, read to the end, then silence."""

    def first(self):
        return (HEAD + b"\r\n") * 16


KINDS = {"idle": Idle, "slow-head": SlowHead, "slow-body": SlowBody, "slow-read": SlowRead,
         "half-handshake": HalfHandshake, "flood": Flood}


class Crowd:
    """Many clients of one kind in one event loop."""

    def __init__(self, kind, service, count):
        self.kind, self.service, self.count = kind, service, count
        self.selector, self.open, self.refused = selectors.DefaultSelector(), set(), 0
        self.next_drip = time.monotonic() + 1

    def connect(self):
        for number in range(self.count):
            client = socket.socket()
            if self.kind.receive_buffer:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.kind.receive_buffer)
            client.settimeout(10)
            try:
                client.connect(("127.0.0.1", self.service.port))
                client.setblocking(False)
                first = self.kind.first()
                if first:
                    client.send(first)
            except OSError:
                self.refused += 1
                client.close()
                continue
            self.open.add(client)
            # Who does not read still learns that the connection was cut.
            self.selector.register(client, selectors.EVENT_READ)
            if number % 50 == 0:
                self.turn(0)

    def turn(self, seconds):
        """Reads what is there, drips what is due."""
        for key, _ in self.selector.select(seconds):
            if not self.kind.reads and not self.is_cut(key.fileobj):
                continue
            try:
                if self.kind.reads and key.fileobj.recv(65_536):
                    continue
            except BlockingIOError:
                continue
            except OSError:
                pass
            self.drop(key.fileobj)
        if time.monotonic() < self.next_drip:
            return
        self.next_drip += 1
        drip = self.kind.drip()
        for client in list(self.open) if drip else ():
            try:
                client.send(drip)
            except BlockingIOError:
                pass
            except OSError:
                self.drop(client)

    @staticmethod
    def is_cut(client):
        """Whether the other side is gone, without reading: TCP_INFO's state 1 is ESTABLISHED."""
        return client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != 1

    def drop(self, client):
        if client in self.open:
            self.open.discard(client)
            self.selector.unregister(client)
            client.close()

    def hold(self, seconds, watch=None):
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.open:
            # A socket that is ready and not read would be reported again at once.
            self.turn(0.05 if self.kind.reads else 0)
            if not self.kind.reads:
                time.sleep(0.25)
            if watch:
                watch()

    def close(self):
        for client in list(self.open):
            self.drop(client)
        self.selector.close()


def run(name, clients):
    kind = KINDS[name]()
    with tempfile.TemporaryDirectory(prefix="token-service-load-") as folder:
        service = Service(folder, tls=kind.tls)
        try:
            token = service.token()
            with Watch(service, token) as quiet:
                time.sleep(QUIET_SECONDS)
            before, sockets = service.resident(), service.sockets()
            crowd, peak, most = Crowd(kind, service, clients), 0, 0
            gone = None

            def look():
                nonlocal peak, most, gone
                held = service.sockets() - sockets
                most = max(most, held)
                peak = max(peak, service.resident())
                # The good client holds one.
                if held <= 2 and gone is None and most > 2:
                    gone = time.monotonic() - connected

            with Watch(service, token) as watch:
                connected = time.monotonic()
                crowd.connect()
                connected = time.monotonic()
                look()
                while gone is None and time.monotonic() - connected < GONE_SECONDS + 5:
                    crowd.hold(0.5)
                    look()
                    if not crowd.open:
                        time.sleep(0.1)
            crowd.close()
        finally:
            service.stop()
        share = 1 - watch.failures / len(watch.times)
        each = max(0, peak - before) / max(most, 1)
        findings = []
        if most < clients * 0.9 and name != "flood":
            findings.append(f"only {most} of {clients} connections were held")
        if share < GOOD_SHARE_MIN:
            findings.append(f"{watch.failures} of {len(watch.times)} good requests failed")
        if watch.p99 > quiet.p99 + SLOWER_MILLISECONDS_MAX:
            findings.append(f"p99 {watch.p99:.1f} ms, quiet {quiet.p99:.1f} ms")
        if each > CONNECTION_BYTES_MAX:
            findings.append(f"{each / 1024:.1f} KiB a connection")
        if gone is None or gone > GONE_SECONDS:
            findings.append(f"not all gone within {GONE_SECONDS:.0f} s")
        print(
            f"{name:15} held {most:5}  good {len(watch.times) - watch.failures}/{len(watch.times)}  "
            f"p99 {watch.p99:.1f} ms (quiet {quiet.p99:.1f})  {each / 1024:.1f} KiB each  "
            f"gone after {'never' if gone is None else f'{gone:.0f} s'}  "
            + ("ok" if not findings else "FAILED: " + "; ".join(findings)),
            flush=True,
        )
        return not findings


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=" ".join(KINDS))
    parser.add_argument("--clients", type=int, default=5000)
    parser.add_argument("--minutes", type=float)
    options = parser.parse_args()
    unknown = set(options.kinds) - set(KINDS)
    if unknown:
        parser.error(f"no such kind: {', '.join(sorted(unknown))}")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if os.cpu_count() > 1:
        os.sched_setaffinity(0, {1})
    passed, ran = kinds.run_all(options.kinds or list(KINDS), options.minutes, lambda kind: run(kind, options.clients))
    print(f"{passed} passed, {ran - passed} failed")
    return 0 if passed == ran else 1


if __name__ == "__main__":
    sys.exit(main())
