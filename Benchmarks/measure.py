#!/usr/bin/env python3
"""Measures what a mint, a redeem and a validation cost, against the least that they could cost.

Ours and an nginx with a constant answer run on one processor, wrk on another. Each round asks OpenSSL how long a P-256
signature and verification take at this moment, then loads nginx and ours in turn with the same requests, so that a slow
spell of the machine hits all of them. Ratios are taken within a round; the table shows medians over the rounds.

Standard library only; needs wrk, nginx, taskset and openssl. See README.md beside this file.
"""
import argparse
import concurrent.futures
import http.client
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
CAMPAIGN = "cmp_01J9Z6V8Q2"

NGINX = """\
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log crit;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000; client_body_in_single_buffer on; default_type application/json;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = /livez {{ return 200 'ok'; }}
    location = /v1/widget/session {{ return 200 '{small}'; }}
    location = /v1/widget/sessions {{ return 200 '{large}'; }}
    location / {{ return 200 '{middle}'; }}
  }}
}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One process pinned to one processor."""

    def __init__(self, name, command, port, cpu, log, env=None):
        self.name, self.port = name, port
        self.process = subprocess.Popen(
            ["taskset", "-c", cpu, *command], stdout=log, stderr=log, env={**os.environ, **(env or {})}
        )
        begun = time.monotonic()
        while True:
            try:
                if self.call("GET", "/livez")[0] == 200:
                    break
            except (OSError, http.client.HTTPException):
                pass
            if self.process.poll() is not None or time.monotonic() - begun > 20:
                sys.exit(f"{name} did not start; see {log.name}")
            time.sleep(0.002)
        self.start_ms = (time.monotonic() - begun) * 1000

    def call(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            return self.send(connection, method, path, body, headers)
        finally:
            connection.close()

    @staticmethod
    def send(connection, method, path, body=None, headers=None):
        headers = dict(headers or {})
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def cpu_us(self):
        """User and system time of the process so far."""
        with open(f"/proc/{self.process.pid}/stat") as file:
            words = file.read().rsplit(")", 1)[1].split()
        return (int(words[11]) + int(words[12])) * 1e6 / TICKS_PER_SECOND

    def peak_mib(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmHWM:\s+(\d+)", file.read())[1]) / 1024

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def microseconds(text):
    number, unit = re.match(r"([\d.]+)(us|ms|s|m)$", text).groups()
    return float(number) * {"us": 1, "ms": 1e3, "s": 1e6, "m": 6e7}[unit]


def stolen_seconds():
    with open("/proc/stat") as file:
        return int(file.readline().split()[8]) / TICKS_PER_SECOND


def load(server, script, connections, seconds, cpu, env):
    """One run of wrk; what it saw, and what the server spent meanwhile."""
    path = os.path.join(HERE, "wrk", script + ".lua")
    command = ["taskset", "-c", cpu, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "--latency"]
    command += ["-s", path, f"http://127.0.0.1:{server.port}"]
    cpu_before, stolen_before, begun = server.cpu_us(), stolen_seconds(), time.monotonic()
    out = subprocess.run(
        command, capture_output=True, text=True, timeout=seconds + 60, env={**os.environ, **env}, check=True
    ).stdout
    took = time.monotonic() - begun
    requests = int(re.search(r"(\d+) requests in", out)[1])
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    errors = re.search(r"Socket errors: (.*)", out)
    return {
        "requests": requests,
        "rps": float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]),
        "p50": microseconds(re.search(r"^\s+50%\s+(\S+)", out, re.M)[1]),
        "p99": microseconds(re.search(r"^\s+99%\s+(\S+)", out, re.M)[1]),
        "cpu": (server.cpu_us() - cpu_before) / max(1, requests),
        "stolen": (stolen_seconds() - stolen_before) / took,
        "bad": int(bad[1]) if bad else 0,
        "errors": errors[1] if errors else "",
    }


def openssl_speed(cpu):
    """Microseconds of one P-256 signature and of one verification, now."""
    out = subprocess.run(
        ["taskset", "-c", cpu, "openssl", "speed", "-seconds", "1", "ecdsap256"],
        capture_output=True, text=True, check=True,
    ).stdout
    words = out.strip().splitlines()[-1].split()
    return 1e6 / float(words[-2]), 1e6 / float(words[-1])


def mint_invites(ours, key, count):
    """Fresh invite tokens, by batches of 1,000."""
    tokens = []
    connection = http.client.HTTPConnection("127.0.0.1", ours.port, timeout=30)
    for first in range(0, count, 1000):
        invites = [
            {"campaign_id": CAMPAIGN, "participant_email": f"p{number}@example.com"}
            for number in range(first, min(first + 1000, count))
        ]
        status, body = ours.send(
            connection, "POST", "/v1/invites/batch", {"invites": invites}, {"Authorization": "Bearer " + key}
        )
        if status != 200:
            sys.exit(f"a batch was answered with {status}: {body[:300]!r}")
        tokens += [item["invite"]["invite_token"] for item in json.loads(body)["results"]]
    connection.close()
    return tokens


def mint_participant_tokens(ours, key, count):
    """Fresh participant tokens; the first is tried, and a forged one too."""

    def some(numbers):
        connection = http.client.HTTPConnection("127.0.0.1", ours.port, timeout=30)
        found = []
        for number in numbers:
            body = {"campaign_id": CAMPAIGN, "participant_email": f"p{number}@example.com"}
            status, answer = ours.send(
                connection, "POST", "/v1/participant-tokens", body, {"Authorization": "Bearer " + key}
            )
            if status != 201:
                sys.exit(f"a participant token was answered with {status}: {answer[:300]!r}")
            found.append(json.loads(answer)["participant_token"])
        connection.close()
        return found

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        tokens = [token for part in pool.map(some, [range(n, count, 8) for n in range(8)]) for token in part]
    head, payload, signature = tokens[0].split(".")
    forged = f"{head}.{payload}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
    for token, wanted in ((tokens[0], 200), (forged, 401)):
        status, _ = ours.call("GET", "/v1/widget/session", headers={"Authorization": "Bearer " + token})
        if status != wanted:
            sys.exit(f"validation answered {status} where {wanted} was due")
    return tokens


def token_file(folder, name, tokens):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write("\n".join(tokens) + "\n")
    return path


def measure(operation, servers, options, key, folder, connections):
    """All rounds of one operation; rows of nginx, rows of ours, and the signature speeds."""
    nginx, ours = servers
    env = {"API_KEY": key}
    if operation == "validate":
        env["TOKENS"] = token_file(folder, "participants", mint_participant_tokens(ours, key, options.tokens))
    rows, speeds = ([], []), []
    for number in range(options.rounds + 1):
        if operation == "redeem":
            count = options.redeems_per_second * options.seconds
            env["TOKENS"] = token_file(folder, "invites", mint_invites(ours, key, count))
        speed = openssl_speed(options.server_cpu)
        results = [load(s, operation, connections, options.seconds, options.load_cpu, env) for s in (nginx, ours)]
        if number == 0:
            continue  # the first round only warms up
        speeds.append(speed)
        for row, result in zip(rows, results):
            row.append(result)
    return (*rows, speeds)


def report(operation, connections, nginx_rows, our_rows, speeds):
    floors = {"mint": "N+S", "redeem": "N+S+V", "validate": "N+V"}

    def floor(nginx_row, speed):
        sign, verify = speed
        extra = {"mint": sign, "redeem": sign + verify, "validate": verify}[operation]
        return nginx_row["cpu"] + extra

    median = statistics.median
    ratios = [our["cpu"] / floor(nginx, speed) for our, nginx, speed in zip(our_rows, nginx_rows, speeds)]
    for name, rows in (("nginx", nginx_rows), ("ours", our_rows)):
        notes = []
        if any(row["bad"] for row in rows):
            notes.append(f"{sum(row['bad'] for row in rows)} not 2xx")
        notes += sorted({row["errors"] for row in rows if row["errors"]})
        if median([row["stolen"] for row in rows]) > 0.05:
            notes.append(f"{100 * median([row['stolen'] for row in rows]):.0f} % of the time stolen")
        cpu = [row["cpu"] for row in rows]
        ratio = f"{median(ratios):.2f} x ({floors[operation]})" if name == "ours" else ""
        print(
            f"{operation:9s} {connections:5d} {name:6s} {median([r['rps'] for r in rows]):9.0f} "
            f"{median([r['p50'] for r in rows]):8.0f} {median([r['p99'] for r in rows]):8.0f} "
            f"{median(cpu):8.1f} {f'{min(cpu):.1f}..{max(cpu):.1f}':>15s}  {ratio:18s} {'; '.join(notes)}",
            flush=True,
        )
    sign, verify = median([s for s, _ in speeds]), median([v for _, v in speeds])
    print(f"{operation:9s} {connections:5d} openssl speed ecdsap256: S {sign:.1f} us, V {verify:.1f} us", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.path.join(HERE, "..", ".build", "release", "token-service"))
    parser.add_argument("--operations", default="mint,redeem,validate")
    parser.add_argument("--connections", default="32,256")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--tokens", type=int, default=5000, help="participant tokens that validation cycles through")
    parser.add_argument("--redeems-per-second", type=int, default=20_000, help="invites made ahead for a round")
    parser.add_argument("--server-cpu", default="0")
    parser.add_argument("--load-cpu", default="1")
    options = parser.parse_args()
    binary = os.path.realpath(options.binary)
    folder = tempfile.mkdtemp(prefix="token-service-bench-")
    servers = []
    try:
        data = os.path.join(folder, "data")
        made = subprocess.run(
            [binary, "init", "--data-dir", data, "--issuer", "http://127.0.0.1:8080", "--environment", "test", "--json"],
            capture_output=True, text=True, check=True,
        ).stdout
        key = json.loads(made)["api_key"]["secret"]
        port = free_port()
        with open(os.path.join(folder, "nginx.conf"), "w") as file:
            pads = {name: "x" * size for name, size in (("small", 310), ("middle", 830), ("large", 1020))}
            file.write(NGINX.format(folder=folder, port=port, **pads))
        log = open(os.path.join(folder, "servers.log"), "w")
        command = ["nginx", "-p", folder, "-c", os.path.join(folder, "nginx.conf")]
        servers.append(Server("nginx", command, port, options.server_cpu, log))
        port = free_port()
        command = [binary, "serve", "--data-dir", data, "--listen", f"127.0.0.1:{port}"]
        command += ["--admin-listen", "127.0.0.1:0", "--loops", "1"]
        servers.append(
            Server("ours", command, port, options.server_cpu, log, {"TOKENSERVICE_ADDRESS_LIMIT": "off"})
        )
        print(
            f"{os.uname().sysname} {os.uname().release}, {os.cpu_count()} processors; server on {options.server_cpu}, "
            f"wrk on {options.load_cpu}; {options.rounds} rounds of {options.seconds} s; medians"
        )
        print(f"{'':9s} {'conns':>5s} {'':6s} {'req/s':>9s} {'p50 us':>8s} {'p99 us':>8s} {'CPU us':>8s} "
              f"{'min..max':>15s}  CPU against the floor")
        for operation in options.operations.split(","):
            for connections in map(int, options.connections.split(",")):
                rows = measure(operation, servers, options, key, folder, connections)
                report(operation, connections, *rows)
        ours = servers[1]
        print(f"ours: {ours.start_ms:.0f} ms from the start to the first 200, {ours.peak_mib():.1f} MiB resident at most")
    finally:
        for server in servers:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
