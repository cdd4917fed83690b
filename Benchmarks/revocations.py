#!/usr/bin/env python3
"""How long a revocation takes to reach the other replicas: three of them on one PostgreSQL, under some load.

    TOKENSERVICE_BIN=.build/release/token-service python3 Benchmarks/revocations.py [--revocations N] [--rate N]

The executable is one with the trait Postgres. Starts a private cluster, three replicas, and a load of `--rate` invites a second, each
minted at one replica, exchanged at the next and validated at the third. Then revokes one session after the other at the
first replica, and asks the two others every millisecond until they refuse: counted from the answer that acknowledges it to
the first answer that refuses. Prints these times, and beside them what the replicas' own canaries say.
"""
import argparse
import multiprocessing
import pathlib
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Tests" / "Clients"))

import harness  # noqa: E402
import postgres  # noqa: E402
from wire import Wire, request  # noqa: E402

METRIC = "tokenservice_replica_change_seconds"


def exchange(wire, data, *expected):
    wire.send(data)
    answer = wire.read()
    assert answer.status in expected, answer
    return answer


def mint(wire, key):
    body = {"campaign_id": "load", "participant_email": harness.email()}
    return exchange(wire, request("POST", "/v1/invites", body, [("Authorization", f"Bearer {key}")]), 201).json()


def open_session(wire, invite):
    return exchange(wire, request("POST", "/v1/widget/sessions", {"invite_token": invite["invite_token"]}), 201).json()


def asking(token):
    return request("GET", "/v1/widget/session", None, [("Authorization", f"Bearer {token}")])


def load(addresses, key, rate, is_over, done):
    """One process: so many invites a second, from minting to validating."""
    wires = [Wire(address) for address in addresses]
    due, turn = time.monotonic(), 0
    while not is_over.is_set():
        turn += 1
        session = open_session(wires[(turn + 1) % 3], mint(wires[turn % 3], key))
        exchange(wires[(turn + 2) % 3], asking(session["participant_token"]), 200)
        with done.get_lock():
            done.value += 1
        due += 1 / rate
        time.sleep(max(0, due - time.monotonic()))


def until_refused(wire, token, since, found):
    data = asking(token)
    while exchange(wire, data, 200, 410).status == 200:
        assert time.monotonic() - since[0] < 5, "not within 5 s"
        time.sleep(0.001)
    found.append(time.monotonic())


def revoke(wires, key, session):
    """The time from the acknowledgement to the refusal, at each of the other replicas."""
    since, found = [time.monotonic()], []
    token = session["participant_token"]
    askers = [threading.Thread(target=until_refused, args=(wire, token, since, found)) for wire in wires[1:]]
    for asker in askers:
        asker.start()
    body = {"session_id": session["session_id"]}
    exchange(wires[0], request("POST", "/v1/revocations", body, [("Authorization", f"Bearer {key}")]), 201)
    acknowledged = time.monotonic()
    for asker in askers:
        asker.join()
    # One that refuses before the answer is here has learned it from the commit.
    return [max(0.0, at - acknowledged) for at in found]


def buckets(service):
    """The canary's histogram: counts by upper bound."""
    text = service.api("").call("GET", "/metrics", base=service.admin_url).text
    found = {}
    for line in text.splitlines():
        if line.startswith(METRIC + "_bucket"):
            found[float(line.split('le="')[1].split('"')[0])] = float(line.split()[-1])
    return found


def quantile_bound(before, after, share):
    """The upper bound of the bucket in which the quantile lies, in ms."""
    grown = {bound: after[bound] - before.get(bound, 0) for bound in after}
    total = max(grown.values())
    return min(bound for bound, count in grown.items() if count >= share * total) * 1000, int(total)


def report(name, times):
    times = sorted(times)
    picked = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
    values = ", ".join(f"{label} {times[int(share * (len(times) - 1))] * 1000:.1f} ms" for label, share in picked.items())
    print(f"{name}: {len(times)} times, {values}, longest {times[-1] * 1000:.1f} ms")


def measure(replicas, key, options):
    addresses = [service.address for service in replicas]
    wires = [Wire(address) for address in addresses]
    is_over, done = multiprocessing.Event(), multiprocessing.Value("q", 0)
    loader = multiprocessing.Process(target=load, args=(addresses, key, options.rate, is_over, done), daemon=True)
    if options.rate:
        loader.start()
    before, begun, begun_at = [buckets(service) for service in replicas], done.value, time.monotonic()
    times = []
    try:
        for _ in range(options.revocations):
            times += revoke(wires, key, open_session(wires[0], mint(wires[0], key)))
    finally:
        is_over.set()
    seconds = time.monotonic() - begun_at
    print(f"{options.revocations / seconds:.0f} revocations and {(done.value - begun) / seconds:.0f} invites a second beside")
    report("acknowledged at one replica until refused at another", times)
    for number, service in enumerate(replicas):
        after = buckets(service)
        bounds = [quantile_bound(before[number], after, share) for share in (0.5, 0.99)]
        print(f"replica {number + 1} by its own metric: p50 <= {bounds[0][0]:g} ms, p99 <= {bounds[1][0]:g} ms of {bounds[0][1]}")
    if options.rate:
        loader.join(timeout=10)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--revocations", type=int, default=2_000)
    parser.add_argument("--rate", type=float, default=50.0, help="invites a second beside; 0 for none")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, postgres.Cluster() as cluster:
        env = {"TOKENSERVICE_STORE": cluster.address}
        deployment = harness.Deployment(pathlib.Path(folder) / "data", env=env)
        replicas = [harness.Service(deployment, "--loops", "1", env=env).start() for _ in range(3)]
        try:
            measure(replicas, deployment.secret, options)
        finally:
            for service in replicas:
                service.stop()


if __name__ == "__main__":
    main()
