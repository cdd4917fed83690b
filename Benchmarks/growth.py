#!/usr/bin/env python3
"""How the cost of a request grows with replicas and with stored invites, on PostgreSQL.

    TOKENSERVICE_BIN=.build/release/token-service python3 Benchmarks/growth.py [--rows N] [--rounds N] [--connections N]

The executable is one with the trait Postgres; wrk has to be there, and Python with `requests`. Starts a private cluster with
two data bases, one of 10,000 invites and one of `--rows`, all minted by the service's own batches. In each round one,
two and three replicas (a loop each) run on either of them in turn, and wrk mints, redeems and validates over all of
them: the same number of connections, shared among the replicas. The small data base is a fresh copy each time.

CPU a request is what holds still on a shared machine: that of the replicas, and that of all PostgreSQL's processes. What
more replicas add in requests a second can not be seen where all of them share the same processors. The first lines say
how often a request crosses to the data base and back, from what a relay that delays the way adds to it.
"""
import argparse
import collections
import concurrent.futures
import contextlib
import itertools
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Tests" / "Clients"))

import harness  # noqa: E402
import measure  # noqa: E402
import postgres  # noqa: E402
from relay import DelayingRelay  # noqa: E402
from wire import Wire, request  # noqa: E402

SMALL = 10_000
REPLICAS = (1, 2, 3)
OPERATIONS = ("mint", "redeem", "validate")
ANY_PROCESSOR = ",".join(map(str, sorted(os.sched_getaffinity(0))))
TABLES = ("invites", "sessions", "audit_events")
# What each way takes longer, for counting crossings: the relay's own time is in both.
DELAYS = (0.010, 0.030)


class Cluster(postgres.Cluster):
    """One whose checkpoints come when this script asks for them, so that each run is as far from one as the others."""

    settings = {"max_wal_size": "16GB", "checkpoint_timeout": "1h"}

    def address_of(self, database):
        return f"postgresql:///{database}?host={self.directory}&user=postgres"

    def on(self, database, text):
        return self.sql(f"\\c {database}\n{text}")

    def copy(self, database, name):
        self.sql(f"DROP DATABASE IF EXISTS {name}")
        self.sql(f"CREATE DATABASE {name} TEMPLATE {database}")

    def cpu_us(self):
        """User and system time of all its processes so far, of those that have ended too."""
        first = int((self.directory / "data" / "postmaster.pid").read_text().split()[0])
        ticks = 0
        for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                words = path.read_text().rsplit(")", 1)[1].split()
                is_first = int(path.parent.name) == first
                if is_first or int(words[1]) == first:
                    ticks += int(words[11]) + int(words[12])
                if is_first:
                    ticks += int(words[13]) + int(words[14])
        return ticks * 1e6 / measure.TICKS_PER_SECOND

    def transactions(self, database):
        """Those that were committed so far, once the server's own counters have been brought in."""
        time.sleep(1.5)
        return int(self.sql(f"SELECT xact_commit FROM pg_stat_database WHERE datname = '{database}'"))

    def log_position(self):
        return self.sql("SELECT pg_current_wal_insert_lsn()")

    def log_bytes(self, begin, end):
        """Bytes of the write-ahead log between two positions: of records, and of images of whole pages."""
        if begin == end:
            return 0, 0
        said = subprocess.run(
            [*self.user, str(postgres.programs() / "pg_waldump"), "-z", "-p", self.data + "/pg_wal", "-s", begin, "-e", end],
            capture_output=True, text=True, cwd="/",
        ).stdout  # fmt: skip
        total = re.search(r"^Total\s+\d+\s+(\d+) \[.*?\]\s+(\d+) \[", said, re.M)
        return int(total[1]), int(total[2])


class Replica(measure.Server):
    """A running `serve`, as what `measure` loads and asks."""

    def __init__(self, service):
        self.service, self.process, self.port = service, service.process, service.address[1]

    def commits(self):
        """Transactions and commands of its store so far."""
        text = self.service.api("").call("GET", "/metrics", base=self.service.admin_url).text
        names = ("tokenservice_store_commit_seconds_count", "tokenservice_store_commands_total")
        return [float(re.search(rf"^{name} (\S+)$", text, re.M)[1]) for name in names]


@contextlib.contextmanager
def replicas(deployment, address, count):
    env = {"TOKENSERVICE_STORE": address}
    running = [harness.Service(deployment, "--loops", "1", env=env).start() for _ in range(count)]
    try:
        yield [Replica(service) for service in running]
    finally:
        for service in running:
            service.stop()


def fill(cluster, deployment, database, count):
    """Mints so many invites by batches, and leaves no sweeping and no writing for later."""
    with replicas(deployment, cluster.address_of(database), 1) as (replica,):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            sizes = [20_000] * (count // 20_000) + [count % 20_000]
            done = pool.map(lambda size: len(measure.mint_invites(replica, deployment.secret, size)), sizes)
            assert sum(done) == count
    for table in TABLES:
        cluster.on(database, f"VACUUM ANALYZE {table}")
    cluster.sql("CHECKPOINT")


def parts(items, count):
    """The items dealt out to so many."""
    return [items[number::count] for number in range(count)]


def participant_tokens(cluster, deployment, count, folder):
    """Tokens to validate: more than a replica remembers. Good on every copy of the deployment, for some minutes."""
    cluster.copy("small", "scratch")
    options = argparse.Namespace(load_cpu=ANY_PROCESSOR)
    with replicas(deployment, cluster.address_of("scratch"), 1) as (replica,):
        return measure.mint_participant_tokens(replica, deployment.secret, count, options, folder)


def environments(operation, running, deployment, tokens, options, folder):
    """The environment of wrk for each replica."""
    common = {"API_KEY": deployment.secret}
    if operation == "mint":
        return [common] * len(running)
    if operation == "redeem":
        tokens = measure.mint_invites(running[0], deployment.secret, options.redeems_per_second * options.seconds)
    shares = [tokens] * len(running) if operation == "validate" else parts(tokens, len(running))
    return [
        {**common, "TOKENS": measure.token_file(folder, f"{operation}{number}", share)}
        for number, share in enumerate(shares)
    ]


def load(running, operation, connections, seconds, envs):
    """wrk against all replicas at once, with as many connections together; what each saw."""
    shares = [connections // len(running) + (number < connections % len(running)) for number in range(len(running))]
    with concurrent.futures.ThreadPoolExecutor(len(running)) as pool:
        return list(
            pool.map(
                lambda replica, share, env: measure.load(replica, operation, share, seconds, ANY_PROCESSOR, env),
                running, shares, envs,
            )
        )  # fmt: skip


def run(cluster, database, running, operation, options, envs):
    """One run over all replicas, as costs a request."""
    cluster.sql("CHECKPOINT")
    transactions = cluster.transactions(database)
    commits = [replica.commits() for replica in running]
    own, server, begin = sum(replica.cpu_us() for replica in running), cluster.cpu_us(), cluster.log_position()
    seen = load(running, operation, options.connections, options.seconds, envs)
    own, server = sum(replica.cpu_us() for replica in running) - own, cluster.cpu_us() - server
    commits = [sum(pair) for pair in zip(*(minus(replica.commits(), was) for replica, was in zip(running, commits)))]
    records, images = cluster.log_bytes(begin, cluster.log_position())
    transactions = cluster.transactions(database) - transactions
    count = sum(one["requests"] for one in seen)
    return {
        "rps": sum(one["rps"] for one in seen),
        "p50": statistics.median(one["p50"] for one in seen) / 1e3,
        "p99": max(one["p99"] for one in seen) / 1e3,
        "own": own / count,
        "server": server / count,
        "batch": commits[1] / commits[0] if commits[0] else 0.0,
        "transactions": transactions / count,
        "records": records / count,
        "images": images / count,
        "bad": sum(one["bad"] for one in seen),
    }


def minus(now, was):
    return [one - other for one, other in zip(now, was)]


def one_round(cluster, deployment, options, folder, rows):
    """Every number of replicas on either data base, in turn."""
    tokens = participant_tokens(cluster, deployment, options.tokens, folder) if "validate" in options.operations else []
    for database in ("small", "large"):
        for count in REPLICAS:
            if database == "small":
                cluster.copy("small", "work")
            name = "work" if database == "small" else database
            with replicas(deployment, cluster.address_of(name), count) as running:
                load(running, "mint", options.connections, 1, environments("mint", running, deployment, [], options, folder))
                for operation in options.operations:
                    envs = environments(operation, running, deployment, tokens, options, folder)
                    figures = run(cluster, name, running, operation, options, envs)
                    print(operation, database, count, figures, file=sys.stderr, flush=True)
                    rows[operation, database, count].append(figures)


def report(rows, operations):
    columns = (
        ("rps", "req/s", 0), ("p50", "p50 ms", 1), ("p99", "p99 ms", 1), ("own", "service us", 0),
        ("server", "PostgreSQL us", 0), ("batch", "commands/commit", 1), ("transactions", "commits/request", 3),
        ("records", "log bytes", 0), ("images", "page images", 0),
    )  # fmt: skip
    print(f"{'':9s} {'stored':7s} {'replicas':8s} " + " ".join(f"{title:>20s}" for _, title, _ in columns))
    for operation in operations:
        for database in ("small", "large"):
            for count in REPLICAS:
                found = rows[operation, database, count]
                cells = " ".join(f"{spread([one[name] for one in found], digits):>20s}" for name, _, digits in columns)
                bad = sum(one["bad"] for one in found)
                print(f"{operation:9s} {database:7s} {count:8d} {cells}" + (f"  {bad} refused" if bad else ""), flush=True)


def spread(values, digits):
    """Median (least..most)."""
    middle, least, most = (f"{value:.{digits}f}" for value in (statistics.median(values), min(values), max(values)))
    return f"{middle} ({least}..{most})"


def report_fit(rows, operations):
    """What a transaction costs and what a command in it, from runs whose batches differ: medians of slopes between two."""
    for operation in operations:
        runs = [found for (name, *_), found in rows.items() if name == operation]
        sizes = [statistics.median(one["batch"] for one in found) for found in runs]
        if min(sizes) <= 1:
            continue  # nothing of it is batched
        for name, title in (("own", "the service"), ("server", "PostgreSQL")):
            points = [(1 / size, statistics.median(one[name] for one in found)) for size, found in zip(sizes, runs)]
            pairs = [pair for pair in itertools.combinations(points, 2) if abs(pair[0][0] - pair[1][0]) > 0.01]
            if not pairs:
                continue
            slope = statistics.median((far[1] - near[1]) / (far[0] - near[0]) for near, far in pairs)
            rest = statistics.median(cost - slope * inverse for inverse, cost in points)
            print(f"{operation}, {title}: {rest:.0f} us, and {slope:.0f} us shared by those in its transaction")


def report_sizes(cluster):
    for table in TABLES:
        text = f"SELECT count(*), pg_table_size('{table}'), pg_indexes_size('{table}') FROM {table}"
        count, data, indexes = map(int, cluster.on("large", text).split("|"))
        if count:
            print(f"{table}: {count} rows, {data / count:.0f} bytes a row and {indexes / count:.0f} of indexes")


def alone(address, key, repeats=40):
    """Seconds that each operation took, one after the other over one connection."""
    wire, took = Wire(address), collections.defaultdict(list)

    def timed(operation, method, path, body, bearer, status):
        fields = [("Authorization", f"Bearer {bearer}")] if bearer else []
        begun = time.monotonic()
        answer = wire.ask(request(method, path, body, fields))
        took[operation].append(time.monotonic() - begun)
        assert answer.status == status, answer
        return answer.json()

    for _ in range(repeats):
        body = {"campaign_id": "alone", "participant_email": harness.email()}
        invite = timed("mint", "POST", "/v1/invites", body, key, 201)
        session = timed("redeem", "POST", "/v1/widget/sessions", {"invite_token": invite["invite_token"]}, None, 201)
        timed("validate", "GET", "/v1/widget/session", None, session["participant_token"], 200)
        timed("revoke", "POST", "/v1/revocations", {"session_id": session["session_id"]}, key, 201)
    wire.close()
    return took


def report_crossings(cluster, deployment):
    """How often each operation, alone, goes to the data base and back: by the quickest, since syncs take what they like."""
    cluster.copy("small", "work")
    found = []
    for delay in (0.0, *DELAYS):
        with DelayingRelay(f"{cluster.directory}/.s.PGSQL.5432", delay) as relay:
            address = f"postgresql:///work?host={relay.directory}&port={relay.port}&user=postgres"
            with replicas(deployment, address, 1) as (replica,):
                found.append(alone(replica.service.address, deployment.secret))
    for operation, times in found[0].items():
        near, far = (min(delayed[operation]) for delayed in found[1:])
        crossings = (far - near) / (2 * (DELAYS[1] - DELAYS[0]))
        alone_ms = statistics.median(times) * 1e3
        print(f"{operation} alone: {alone_ms:.2f} ms, and {crossings:.2f} times to the data base and back", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="invites in the large data base")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--connections", type=int, default=32, help="together, over all replicas")
    parser.add_argument("--operations", type=lambda text: text.split(","), default=list(OPERATIONS))
    parser.add_argument("--tokens", type=int, default=60_000, help="participant tokens that are validated in turn")
    parser.add_argument("--redeems-per-second", type=int, default=10_000, help="invites made ahead for a run")
    options = parser.parse_args()
    folder, rows = tempfile.mkdtemp(prefix="token-service-growth-"), collections.defaultdict(list)
    try:
        with Cluster() as cluster:
            cluster.sql("CREATE DATABASE small")
            env = {"TOKENSERVICE_STORE": cluster.address_of("small")}
            deployment = harness.Deployment(pathlib.Path(folder) / "data", env=env)
            fill(cluster, deployment, "small", SMALL)
            report_crossings(cluster, deployment)
            cluster.copy("small", "large")
            begun = time.monotonic()
            fill(cluster, deployment, "large", options.rows - SMALL)
            print(f"{options.rows - SMALL} invites minted by batches in {time.monotonic() - begun:.0f} s", flush=True)
            for _ in range(options.rounds):
                one_round(cluster, deployment, options, folder, rows)
            report(rows, options.operations)
            report_fit(rows, options.operations)
            report_sizes(cluster)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
