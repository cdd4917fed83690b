#!/usr/bin/env python3
"""Thousands of slow and hostile clients of one kind after the other, and what good clients notice of them.

    TOKENSERVICE_BIN=… slow_clients.py [--clients N] [--kinds KIND,…] [--minutes M]

For each kind: so many connections from several loopback addresses (one alone may have 1,024), good requests beside
them, then a wait until the service has ended every one. The aims: good requests at least 99.99 % answered, their p99
within 5 ms of what it is without the slow ones, at most 16 kB of memory for each, all gone within 30 s.
"""
import argparse
import os
import pathlib
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Clients"))
import harness  # noqa: E402
from wire import Closed, Wire, request  # noqa: E402

KINDS = ["idle", "slow-head", "slow-body", "slow-read", "half-handshake", "pipelined-flood"]
CLIENTS_PER_ADDRESS = 900
GOOD_REQUESTS = 4_000
GONE_SECONDS = 30
P99_MORE_SECONDS = 0.005
MEMORY_BYTES = 16_384
HEAD = b"POST /v1/tokens/verify HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n"


def first_words(kind):
    """What a client of this kind sends at once; it goes on byte by byte."""
    if kind == "idle":
        return b""
    if kind == "slow-head":
        return b"GET /v1/widget/session HTTP/1.1\r\nHost: a\r\nX: "
    if kind == "slow-body":
        return HEAD + b"\r\n{"
    if kind == "half-handshake":
        # The first bytes of a ClientHello that never ends.
        return bytes.fromhex("160301020001000000fc0303") + bytes(40)
    return b"GET /widget/v1.js HTTP/1.1\r\nHost: a\r\n\r\n" * (64 if kind == "slow-read" else 512)


class SlowClients:
    """Connections of one kind, driven by one thread: a byte a second each, never a byte read."""

    def __init__(self, address, kind, count):
        self.kind, self.sockets, self.refused = kind, [], 0
        self.stopping = threading.Event()
        words = first_words(kind)
        for number in range(count):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.bind((f"127.0.{1 + number // CLIENTS_PER_ADDRESS}.1", 0))
            client.settimeout(10)
            try:
                client.connect(address)
                client.setblocking(False)
                self.send(client, words)
                self.sockets.append(client)
            except OSError:
                self.refused += 1
                client.close()
        self.thread = threading.Thread(target=self.drip, daemon=True)
        self.thread.start()

    @staticmethod
    def send(client, data):
        try:
            client.send(data)
        except BlockingIOError:
            pass
        except OSError:
            return False
        return True

    def drip(self):
        if self.kind in ("idle", "slow-read"):
            return
        more = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" if self.kind == "pipelined-flood" else b"a"
        while not self.stopping.wait(1.0):
            for client in self.sockets:
                self.send(client, more)

    def close(self):
        self.stopping.set()
        self.thread.join()
        for client in self.sockets:
            client.close()


def resident_bytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def good_requests(running, context, count, token):
    """Checks of a session on one connection; how many were answered, and how long each took."""
    seconds, answered = [], 0
    headers = {"Authorization": f"Bearer {token}"}

    def connect():
        if context is None:
            return Wire(running.address)
        plain = socket.create_connection(running.address, timeout=15)
        return Wire(running.address, sock=context.wrap_socket(plain, server_hostname="localhost"))

    conn = connect()
    for _ in range(count):
        begun = time.monotonic()
        try:
            conn.send(request("GET", "/v1/widget/session", None, headers))
            answered += conn.read().status == 200
        except (Closed, OSError, AssertionError):
            conn = connect()
        seconds.append(time.monotonic() - begun)
        time.sleep(0.0005)
    return answered, sorted(seconds)


def p99(seconds):
    return seconds[len(seconds) * 99 // 100]


def attack(running, context, kind, count, token, quiet):
    pid = running.process.pid
    before_memory, before_descriptors = resident_bytes(pid), descriptors(pid)
    begun = time.monotonic()
    slow = SlowClients(running.address, kind, count)
    opened = time.monotonic()
    open_count = descriptors(pid) - before_descriptors
    answered, seconds = good_requests(running, context, GOOD_REQUESTS, token)
    memory = resident_bytes(pid) - before_memory
    gone = None
    while time.monotonic() - opened < 120:
        if descriptors(pid) <= before_descriptors + 2:
            gone = time.monotonic() - opened
            break
        time.sleep(0.25)
    slow.close()
    each = memory / max(1, open_count)
    faults = []
    if answered < GOOD_REQUESTS * 0.9999:
        faults.append(f"only {answered} of {GOOD_REQUESTS} good requests answered")
    if p99(seconds) > quiet + P99_MORE_SECONDS:
        faults.append(f"p99 {p99(seconds) * 1000:.1f} ms, quiet {quiet * 1000:.1f} ms")
    if memory > MEMORY_BYTES * count:
        faults.append(f"{each:.0f} bytes of memory for each")
    if gone is None or gone > GONE_SECONDS:
        faults.append(f"gone after {'never' if gone is None else f'{gone:.0f} s'}")
    print(
        f"{kind}: {len(slow.sockets)} connected in {opened - begun:.1f} s ({open_count} held at once, {slow.refused} "
        f"refused); good {answered}/{GOOD_REQUESTS}, p50 {seconds[len(seconds) // 2] * 1000:.2f} ms, p99 "
        f"{p99(seconds) * 1000:.2f} ms (quiet {quiet * 1000:.2f}); {memory / 1e6:.1f} MB more, {each:.0f} bytes each; gone "
        f"after {-1 if gone is None else gone:.1f} s: {'; '.join(faults) or 'good'}",
        flush=True,
    )
    return not faults


def certificate(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", f"{folder}/key.pem",
         "-out", f"{folder}/cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip


def main():
    import ssl

    parser = argparse.ArgumentParser()
    parser.add_argument("--clients", type=int, default=5_000)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--minutes", type=float, default=30)
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    end, failed, run = time.monotonic() + options.minutes * 60, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        deployment = harness.Deployment(harness.fresh_directory(folder))
        certificate(folder)
        for kind in options.kinds.split(","):
            if time.monotonic() > end:
                print("the time is over")
                failed += 1
                break
            secure = ["--tls-cert", f"{folder}/cert.pem", "--tls-key", f"{folder}/key.pem"] * (kind == "half-handshake")
            context = ssl.create_default_context(cafile=f"{folder}/cert.pem") if secure else None
            running = harness.Service(deployment, *secure, scheme="https" if secure else "http")
            with running:
                token = session_token(deployment, running, context)
                _, warm = good_requests(running, context, 1_000, token)
                _, quiet = good_requests(running, context, GOOD_REQUESTS, token)
                run += 1
                failed += not attack(running, context, kind, options.clients, token, p99(quiet))
    print(f"{run} kinds of slow clients, {failed} failed")
    return 1 if failed else 0


def session_token(deployment, running, context):
    """A participant token, made over whatever the listener speaks."""
    plain = socket.create_connection(running.address, timeout=15)
    sock = plain if context is None else context.wrap_socket(plain, server_hostname="localhost")
    with Wire(running.address, sock=sock) as conn:
        body = {"campaign_id": "camp_slow", "participant_email": harness.email()}
        conn.send(request("POST", "/v1/participant-tokens", body, {"Authorization": f"Bearer {deployment.secret}"}))
        answer = conn.read()
        assert answer.status == 201, answer
        return answer.json()["participant_token"]


if __name__ == "__main__":
    sys.exit(main())
