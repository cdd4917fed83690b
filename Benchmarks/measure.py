#!/usr/bin/env python3
"""Measures what each operation of the main job costs, against the least that it could cost.

Ours and an nginx with a constant answer run on one processor, wrk on another. Each round asks OpenSSL how long a signature
and a verification take at this moment, then loads nginx and ours in turn with the same requests, so that a slow
spell of the machine hits all of them. Ratios are taken within a round; the table shows medians over the rounds.

Standard library only; needs wrk, nginx, taskset and openssl. See README.md beside this file.
"""
import argparse
import contextlib
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

import proofs

HERE = os.path.dirname(os.path.abspath(__file__))
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
CAMPAIGN = "cmp_01J9Z6V8Q2"
# What `openssl speed` calls an algorithm.
SPEED_OF = {"ES256": "ecdsap256", "EdDSA": "ed25519"}

# The script of wrk, and what the operation can not cost less than: nginx's own CPU, signatures and verifications.
OPERATIONS = {
    "mint": ("mint", "N+S", 1, 0),
    "redeem": ("redeem", "N+S+V", 1, 1),
    "validate": ("validate", "N+V", 0, 1),
    "repeat": ("validate", "N", 0, 0),
    "redeem-bound": ("redeem", "N+2V+S", 1, 2),
    "validate-bound": ("validate", "N+2V", 0, 2),
    "repeat-bound": ("validate", "N+V", 0, 1),
}

NGINX = """\
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log crit;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000; client_body_in_single_buffer on; default_type application/json;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port} {ssl} backlog=4096;
    {tls}
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


def connected(server):
    """A connection of Python's own to a server."""
    if not server.has_tls:
        return http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    # The certificate is one of a minute ago, made beside it.
    context = ssl._create_unverified_context()
    return http.client.HTTPSConnection("127.0.0.1", server.port, timeout=30, context=context)


class Server:
    """One process pinned to its processors."""

    def __init__(self, name, command, port, cpu, log, env=None, has_tls=False):
        self.name, self.port, self.has_tls = name, port, has_tls
        self.url = f"http{'s' if has_tls else ''}://127.0.0.1:{port}"
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
        connection = connected(self)
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
    command += ["-s", path, server.url]
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


def openssl_speed(cpu, algorithm):
    """Microseconds of one signature and of one verification, now."""
    out = subprocess.run(
        ["taskset", "-c", cpu, "openssl", "speed", "-seconds", "1", SPEED_OF[algorithm]],
        capture_output=True, text=True, check=True,
    ).stdout
    words = out.strip().splitlines()[-1].split()
    return 1e6 / float(words[-2]), 1e6 / float(words[-1])


def mint_invites(ours, key, count):
    """Fresh invite tokens, by batches of 1,000."""
    tokens = []
    connection = connected(ours)
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


def collected(ours, script, name, seconds, env, options, folder):
    """Loads ours, and gives the values of one member of its answers."""
    path = os.path.join(folder, "collected")
    load(ours, script, 32, seconds, options.load_cpu, {**env, "COLLECT": path})
    with open(path) as file:
        # The last line may have been cut off by the end of the run.
        return [json.loads(line)[name] for line in file if line.endswith("}\n")]


def mint_participant_tokens(ours, key, count, options, folder):
    """Fresh participant tokens; the first is tried, and a forged one too."""
    env, tokens = {"API_KEY": key, "MINT_PATH": "/v1/participant-tokens"}, []
    while len(tokens) < count:
        more = collected(ours, "mint", "participant_token", 2, env, options, folder)
        if not more:
            sys.exit("no participant token was made")
        tokens += more
    head, payload, signature = tokens[0].split(".")
    forged = f"{head}.{payload}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
    for token, wanted in ((tokens[0], 200), (forged, 401)):
        status, _ = ours.call("GET", "/v1/widget/session", headers={"Authorization": "Bearer " + token})
        if status != wanted:
            sys.exit(f"validation answered {status} where {wanted} was due")
    return tokens[:count]


class Holders:
    """Browsers with a key each, and the proofs that they make for ours."""

    def __init__(self, ours, count):
        self.ours, self.keys = ours, [proofs.ProofKey() for _ in range(count)]
        self.by_thumbprint = {key.thumbprint: key for key in self.keys}

    def nonce(self):
        """The one to use now; it is good for two to four minutes."""
        path = "/v1/widget/sessions"
        proof = self.keys[0].proof("POST", self.url(path), time.time())
        connection = connected(self.ours)
        body = json.dumps({"invite_token": "none"})
        connection.request("POST", path, body, {"Content-Type": "application/json", "DPoP": proof})
        nonce = connection.getresponse().getheader("DPoP-Nonce")
        connection.close()
        return nonce or sys.exit("a proof without a nonce was not answered with one")

    def url(self, path):
        return self.ours.url + path

    def for_exchange(self, invite_tokens):
        nonce, now = self.nonce(), time.time()
        url, keys = self.url("/v1/widget/sessions"), self.keys
        return [f"{t} {keys[n % len(keys)].proof('POST', url, now, nonce)}" for n, t in enumerate(invite_tokens)]

    def for_validation(self, tokens):
        nonce, now, url = self.nonce(), time.time(), self.url("/v1/widget/session")
        keys = [self.by_thumbprint[proofs.thumbprint_of(token)] for token in tokens]
        return [f"{token} {key.proof('GET', url, now, nonce, token)}" for token, key in zip(tokens, keys)]

    def check(self, token):
        """The token alone is worth nothing, and a proof is good once."""
        _, proof = self.for_validation([token])[0].split(" ")
        fields = {"Authorization": "DPoP " + token, "DPoP": proof}
        for headers, wanted in (
            ({"Authorization": "Bearer " + token}, 401), (fields, 200), (fields, 401)
        ):  # fmt: skip
            status, _ = self.ours.call("GET", "/v1/widget/session", headers=headers)
            if status != wanted:
                sys.exit(f"validation of a bound token answered {status} where {wanted} was due")


def token_file(folder, name, tokens):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write("\n".join(tokens) + "\n")
    return path


class Requests:
    """What the requests of an operation need, made before each round."""

    def __init__(self, ours, key, options, folder):
        self.ours, self.key, self.options, self.folder = ours, key, options, folder
        self.participants, self.holders, self.bound = [], None, []

    def prepare(self, operation):
        """The environment of wrk for the next round."""
        env, options = {"API_KEY": self.key}, self.options
        if operation == "mint":
            return env
        if operation in ("validate", "repeat"):
            if len(self.participants) < options.tokens:
                self.participants = mint_participant_tokens(self.ours, self.key, options.tokens, options, self.folder)
            lines = self.participants[: options.repeated if operation == "repeat" else options.tokens]
        elif operation == "redeem":
            lines = mint_invites(self.ours, self.key, options.redeems_per_second * options.seconds)
        else:
            self.holders = self.holders or Holders(self.ours, 500)
            lines = getattr(self, operation.replace("-", "_"))()
        return {**env, "TOKENS": token_file(self.folder, operation, lines)}

    def redeem_bound(self):
        return self.holders.for_exchange(mint_invites(self.ours, self.key, self.proofs_count(self.options.seconds)))

    def validate_bound(self):
        """Each token once: as many as that takes a longer run of exchanges."""
        tokens = self.exchanged(self.options.seconds * 3)
        self.holders.check(tokens[0])
        return self.holders.for_validation(tokens[1:])

    def repeat_bound(self):
        # The same ones in each round: the first round, which does not count, is where they come to be remembered.
        tokens = self.bound = self.bound or self.exchanged(1)[: self.options.repeated // 10]
        count = self.proofs_count(self.options.seconds)
        return self.holders.for_validation([tokens[number % len(tokens)] for number in range(count)])

    def exchanged(self, seconds):
        invites = mint_invites(self.ours, self.key, self.proofs_count(seconds))
        path = token_file(self.folder, "invites", self.holders.for_exchange(invites))
        return collected(
            self.ours, "redeem", "participant_token", seconds, {"TOKENS": path}, self.options, self.folder
        )

    def proofs_count(self, seconds):
        return self.options.proofs_per_second * seconds


def measure(operation, servers, options, requests, connections):
    """All rounds of one operation; rows of nginx, rows of ours, and the signature speeds."""
    rows, speeds = ([], []), []
    for number in range(options.rounds + 1):
        env = requests.prepare(operation)
        speed = openssl_speed(options.server_cpu.split(",")[0], options.algorithm)
        # A pair of nginx and ours is one figure: both see the same spell of the machine.
        script = OPERATIONS[operation][0]
        results = [load(s, script, connections, options.seconds, options.load_cpu, env) for s in servers]
        if number == 0:
            continue  # the first round only warms up
        speeds.append(speed)
        for row, result in zip(rows, results):
            row.append(result)
    return (*rows, speeds)


def report(operation, connections, nginx_rows, our_rows, speeds, algorithm):
    """Prints both rows; the median of the ratios against the floor."""
    _, name_of_floor, signatures, verifications = OPERATIONS[operation]
    median = statistics.median
    ratios = [
        our["cpu"] / (nginx["cpu"] + signatures * sign + verifications * verify)
        for our, nginx, (sign, verify) in zip(our_rows, nginx_rows, speeds)
    ]
    for name, rows in (("nginx", nginx_rows), ("ours", our_rows)):
        notes = []
        # What nginx answers to a request that ours would refuse says nothing of ours.
        if any(row["bad"] for row in rows):
            notes.append(f"{sum(row['bad'] for row in rows)} not 2xx")
        notes += sorted({row["errors"] for row in rows if row["errors"]})
        if median([row["stolen"] for row in rows]) > 0.05:
            notes.append(f"{100 * median([row['stolen'] for row in rows]):.0f} % of the time stolen")
        cpu = [row["cpu"] for row in rows]
        ratio = f"{median(ratios):.2f} x ({name_of_floor})" if name == "ours" else ""
        print(
            f"{operation:14s} {connections:5d} {name:6s} {median([r['rps'] for r in rows]):9.0f} "
            f"{median([r['p50'] for r in rows]):8.0f} {median([r['p99'] for r in rows]):8.0f} "
            f"{median(cpu):8.1f} {f'{min(cpu):.1f}..{max(cpu):.1f}':>15s}  {ratio:18s} {'; '.join(notes)}",
            flush=True,
        )
    sign, verify = median([s for s, _ in speeds]), median([v for _, v in speeds])
    print(f"{operation:14s} {connections:5d} openssl speed {SPEED_OF[algorithm]}: S {sign:.1f} us, V {verify:.1f} us", flush=True)
    bad = sum(row["bad"] for row in our_rows) + sum(bool(row["errors"]) for row in our_rows)
    return median(ratios), bad / sum(row["requests"] for row in our_rows)


def check(figures):
    """Holds the ratios against the limits beside this file, and says which are above theirs; refusals are no work done."""
    with open(os.path.join(HERE, "thresholds.json")) as file:
        limits = json.load(file)
    above = {
        name: ratio for (name, connections), (ratio, _) in figures.items()
        if ratio > limits.get(name, {}).get(str(connections), float("inf"))
    }  # fmt: skip
    for name, ratio in above.items():
        print(f"{name}: {ratio:.2f} is above its limit in Benchmarks/thresholds.json")
    refused = {name: bad for (name, _), (_, bad) in figures.items() if bad > 0.001}
    for name, bad in refused.items():
        print(f"{name}: {100 * bad:.1f} % of the answers were refusals or errors")
    return not above and not refused


def certificate(folder):
    """Files of a self-signed P-256 certificate and its key."""
    files = [os.path.join(folder, name) for name in ("tls.crt", "tls.key")]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-out", files[0], "-keyout", files[1]]
    subprocess.run(command, capture_output=True, check=True)
    return files


@contextlib.contextmanager
def private_cluster(cpu):
    """The address of a PostgreSQL of its own, on one processor."""
    sys.path.insert(0, os.path.join(HERE, "..", "Tests", "Clients"))
    import postgres

    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {int(cpu)})
    with postgres.Cluster() as cluster:
        os.sched_setaffinity(0, before)
        yield cluster.address


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.path.join(HERE, "..", ".build", "release", "token-service"))
    parser.add_argument("--operations", default=",".join(OPERATIONS), help="of these (default: all)")
    parser.add_argument("--connections", default="32,256")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--tokens", type=int, default=60_000, help="participant tokens that `validate` cycles through: "
                        "more than the service remembers")
    parser.add_argument("--repeated", type=int, default=5000, help="those that `repeat` cycles through: fewer")
    parser.add_argument("--redeems-per-second", type=int, default=20_000, help="invites made ahead for a round")
    parser.add_argument("--proofs-per-second", type=int, default=20_000, help="proofs made ahead for a round")
    parser.add_argument("--postgres", action="store_true", help="on a private PostgreSQL, beside wrk, in place of SQLite")
    parser.add_argument("--tls", action="store_true", help="both over TLS 1.3: N is nginx's request over it")
    parser.add_argument("--algorithm", choices=SPEED_OF, default="ES256", help="of the tokens; what is bound takes ES256 alone")
    parser.add_argument("--loops", default="1", help="event loops of ours; with 2, give both processors to both: 0,1")
    parser.add_argument("--check", action="store_true", help="end with 1 where a ratio is above thresholds.json")
    parser.add_argument("--server-cpu", default="0")
    parser.add_argument("--load-cpu", default="1")
    options = parser.parse_args()
    unknown = set(options.operations.split(",")) - set(OPERATIONS)
    if unknown:
        parser.error(f"no such operation: {', '.join(sorted(unknown))} (there are {', '.join(OPERATIONS)})")
    if options.algorithm != "ES256" and "bound" in options.operations:
        parser.error("proofs are made with ES256: leave the operations out that are bound")
    binary = os.path.realpath(options.binary)
    folder = tempfile.mkdtemp(prefix="token-service-bench-")
    servers, cluster = [], contextlib.ExitStack()
    try:
        data = os.path.join(folder, "data")
        store = ["--store", cluster.enter_context(private_cluster(options.load_cpu))] if options.postgres else []
        made = subprocess.run(
            [binary, "init", "--data-dir", data, "--issuer", "http://127.0.0.1:8080", "--environment", "test",
             "--algorithm", options.algorithm, "--json", *store],
            capture_output=True, text=True, check=True,
        ).stdout
        key = json.loads(made)["api_key"]["secret"]
        port, files = free_port(), certificate(folder) if options.tls else None
        tls = f"ssl_protocols TLSv1.3; ssl_certificate {files[0]}; ssl_certificate_key {files[1]};" if files else ""
        with open(os.path.join(folder, "nginx.conf"), "w") as file:
            pads = {name: "x" * size for name, size in (("small", 310), ("middle", 830), ("large", 1020))}
            file.write(NGINX.format(folder=folder, port=port, ssl="ssl" if files else "", tls=tls, **pads))
        log = open(os.path.join(folder, "servers.log"), "w")
        command = ["nginx", "-p", folder, "-c", os.path.join(folder, "nginx.conf")]
        servers.append(Server("nginx", command, port, options.server_cpu.split(",")[0], log, has_tls=options.tls))
        port = free_port()
        command = [binary, "serve", "--data-dir", data, "--listen", f"127.0.0.1:{port}"]
        command += ["--admin-listen", "127.0.0.1:0", "--loops", options.loops, *store]
        if files:
            command += ["--tls-cert", files[0], "--tls-key", files[1], "--public-url", f"https://127.0.0.1:{port}"]
        env = {"TOKENSERVICE_ADDRESS_LIMIT": "off"}
        servers.append(Server("ours", command, port, options.server_cpu, log, env, has_tls=options.tls))
        print(
            f"{os.uname().sysname} {os.uname().release}, {os.cpu_count()} processors; server on {options.server_cpu}, "
            f"wrk on {options.load_cpu}; {options.rounds} rounds of {options.seconds} s; medians"
        )
        print(f"{'':14s} {'conns':>5s} {'':6s} {'req/s':>9s} {'p50 us':>8s} {'p99 us':>8s} {'CPU us':>8s} "
              f"{'min..max':>15s}  CPU against the floor")
        ours, figures = servers[1], {}
        requests = Requests(ours, key, options, folder)
        for operation in options.operations.split(","):
            for connections in map(int, options.connections.split(",")):
                rows = measure(operation, servers, options, requests, connections)
                figures[operation, connections] = report(operation, connections, *rows, options.algorithm)
        print(f"ours: {ours.start_ms:.0f} ms from the start to the first 200, {ours.peak_mib():.1f} MiB resident at most")
        if options.check and not check(figures):
            sys.exit(1)
    finally:
        for server in servers:
            server.stop()
        cluster.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
