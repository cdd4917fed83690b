#!/usr/bin/env python3
"""Millions of requests on a few connections: memory, descriptors and the write-ahead log must not grow with them.

    TOKENSERVICE_BIN=… soak.py [--requests N] [--minutes M] [--connections C] [--rate R]

Each connection mints, redeems, checks (many times), renews and revokes, so that what is live stays bounded. Tokens live for
10 s: an ended session is remembered until a minute after its last token, and the round of upkeep after that, so that what is
remembered is steady after 100 s. How much that is goes with the requests a second, so there are R of those and no more, whatever
the machine can do at the moment. After the first tenth, the warm-up: at most 1 MB more of memory, no descriptor more, and a log of
at most 64 MB at all times.
"""
import argparse
import os
import pathlib
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Clients"))
import harness  # noqa: E402
from wire import Wire, request  # noqa: E402

CHECKS = 44
LIFE_REQUESTS = CHECKS + 4
MEMORY_MORE_BYTES = 1_000_000
LOG_BYTES_MAX = 64_000_000
PIPELINED = 11
TOKEN_LIFETIME = "10s"


class Worker(threading.Thread):
    """One connection that does the whole life of an invite, again and again."""

    def __init__(self, running, secret, number, stopping, rate):
        super().__init__(daemon=True)
        self.rate = rate
        self.running, self.key, self.number, self.stopping = running, {"Authorization": f"Bearer {secret}"}, number, stopping
        self.done, self.fault = 0, None

    def run(self):
        try:
            due = time.monotonic()
            with Wire(self.running.address) as conn:
                while not self.stopping.wait(max(0.0, due - time.monotonic())):
                    # What was late is not made up for.
                    due = max(due, time.monotonic()) + LIFE_REQUESTS / self.rate
                    self.life(conn)
        except BaseException as fault:  # noqa: BLE001 - told by the main thread
            self.fault = fault

    def ask(self, conn, method, path, body, headers, *statuses):
        conn.send(request(method, path, body, headers))
        answer = conn.read()
        assert answer.status in statuses, (method, path, answer)
        self.done += 1
        return answer

    def life(self, conn):
        address = f"person{self.number}-{self.done}@soak.example"
        body = {"campaign_id": f"camp_{self.done % 50}", "participant_email": address}
        invite = self.ask(conn, "POST", "/v1/invites", body, self.key, 201).json()
        body = {"invite_token": invite["invite_token"]}
        session = self.ask(conn, "POST", "/v1/widget/sessions", body, {}, 201).json()
        bearer = {"Authorization": f"Bearer {session['participant_token']}"}
        check = request("GET", "/v1/widget/session", None, bearer)
        for _ in range(CHECKS // PIPELINED):
            conn.send(check * PIPELINED)
            for _ in range(PIPELINED):
                assert conn.read().status == 200
                self.done += 1
        self.ask(conn, "POST", "/v1/widget/session/renew", None, bearer, 200)
        self.ask(conn, "DELETE", "/v1/widget/session", None, bearer, 204)


def resident_bytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def log_bytes(folder):
    return sum(path.stat().st_size for path in folder.rglob("*-wal"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=10_000_000)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--rate", type=float, default=8000, help="requests a second over all connections")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        deployment = harness.Deployment(harness.fresh_directory(folder))
        lifetimes = ["--min", TOKEN_LIFETIME, "--default", TOKEN_LIFETIME, "--max", TOKEN_LIFETIME]
        place = ["--data-dir", deployment.data_dir, "--layer", "deployment", "--kind", "participant"]
        told = harness.run_cli("policy", "set", *place, *lifetimes)
        assert told.returncode == 0, told.stderr
        running = harness.Service(deployment)
        with running:
            return soak(running, deployment, options)


def soak(running, deployment, options):
    pid, stopping = running.process.pid, threading.Event()
    rate = options.rate / options.connections
    workers = [Worker(running, deployment.secret, number, stopping, rate) for number in range(options.connections)]
    for worker in workers:
        worker.start()
    begun, warm, log_most = time.monotonic(), None, 0
    while True:
        time.sleep(5)
        done = sum(worker.done for worker in workers)
        faults = [worker.fault for worker in workers if worker.fault]
        memory, files = resident_bytes(pid), descriptors(pid)
        log_most = max(log_most, log_bytes(deployment.data_dir))
        elapsed = time.monotonic() - begun
        print(
            f"{done} requests in {elapsed:.0f} s, {memory / 1e6:.1f} MB resident, {files} descriptors, log at most "
            f"{log_most / 1e6:.1f} MB",
            flush=True,
        )
        assert not faults, faults
        if warm is None and (done >= options.requests / 10 or elapsed > options.minutes * 6):
            warm = (memory, files)
        if done >= options.requests or elapsed >= options.minutes * 60 - 20:
            break
    more = (memory - warm[0], files - warm[1])
    stopping.set()
    for worker in workers:
        worker.join(timeout=30)
    print(f"after the warm-up: {more[0] / 1e6:+.2f} MB, {more[1]:+d} descriptors; log at most {log_most / 1e6:.1f} MB")
    good = more[0] <= MEMORY_MORE_BYTES and more[1] <= 0 and log_most <= LOG_BYTES_MAX
    if done < options.requests:
        print(f"ended at its time limit after {done} of {options.requests} requests")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
