#!/usr/bin/env python3
"""Plays the plan from one machine to many regions: measured costs, assumed distances, and what clients would see.

    python3 Benchmarks/regions.py [--seed N] [--rate N]

A simulation, since this machine is no three regions. Takes what a request costs from measurements and how far regions are
from each other by assumption (both stand at the top of region_model.py), and plays each stage of docs/scaling.md for
three minutes of its own time: a quiet one, one with the link between two regions cut for 30 s, one with a region lost for
30 s. Prints, as the tables of that page, what the model makes of situations that were measured, which resource of each
stage is full first, what clients near and far wait, what is refused, and how long a revocation takes to hold everywhere.
The same seed gives the same tables, on any machine. Standard library only.
"""
import argparse
import random

from region_model import (
    COMMANDS_A_TRANSACTION, CROSSINGS, MEASURED, MS, PROCESSORS_A_DATABASE, PROCESSORS_A_REPLICA, REGIONS, SYNC_MS,
    TOKEN_LIFETIME, US, WITHIN_REGION_MS, Cell, Deployment, Refused, Revocation, Stage, cut_areas, network_of, serve,
)  # fmt: skip
from simulation import Network, Processors, Simulation, Unreachable, quantile

PARTITIONS, WORKSPACES = 4, 1_000
STAGES = (
    Stage("0: one machine, SQLite", on_sqlite=True, replicas=1),
    Stage("1: replicas on PostgreSQL"),
    Stage("2: and validators abroad", validators=2),
    Stage("3: and partitions", cells_a_home=PARTITIONS, validators=2),
    Stage("4: home regions", homes=REGIONS, validators=2),
    Stage("5: and public keys alone", homes=REGIONS, by_public_keys=True),
)
# Assumed: of a workspace's clients, so many are in another region than it; validations for each mint and exchange.
AWAY, VALIDATIONS = 0.1, 20
KINDS = ("mint", "redeem", "validate")
# In seconds of the simulation: what is counted begins after the first looks, and a cut or a loss is over before the next.
QUIET, CUT, LOSS, LAST_ASKED, END = (5.0, 65.0), (70.0, 100.0), (130.0, 160.0), 170.0, 180.0


class Play:
    """One stage, played to its end: what each request took, None where it was refused, and every revocation."""

    def __init__(self, stage, seed, rate):
        self.simulation, self.chance = Simulation(), random.Random(seed)
        self.network = network_of(self.simulation, self.chance)
        self.deployment = Deployment(self.simulation, self.network, stage, self.chance)
        self.asked, self.samples, self.revocations = 0, [], []
        cut_areas(self.network, "eu", "ap", *CUT)
        self.network.lose("eu", *LOSS)
        for area in REGIONS:
            for kind in KINDS:
                self.simulation.start(self._arrivals(rate, self._request, area, kind))
        for cell in self.deployment.cells:
            self.simulation.start(self._arrivals(rate / 4, self._revocation, cell))
        self.simulation.run(END)

    def _arrivals(self, rate, process, *arguments):
        while self.simulation.now < LAST_ASKED:
            yield self.simulation.pause(self.chance.expovariate(rate))
            self.simulation.start(process(*arguments))

    def _cell_for(self, area):
        """A cell of the region where this client's workspace is at home: mostly the client's own, where that has any."""
        homes = self.deployment.stage.homes
        others = [home for home in homes if home != area]
        home = area if area in homes and (not others or self.chance.random() >= AWAY) else self.chance.choice(others)
        return self.chance.choice([cell for cell in self.deployment.cells if cell.region == home])

    def _request(self, area, kind):
        cell, begun = self._cell_for(area), self.simulation.now
        self.asked += 1
        try:
            yield from self.deployment.ask(area, kind, cell)
            took = self.simulation.now - begun
        except (Unreachable, Refused):
            took = None
        self.samples.append((begun, kind, area, cell.region, took))

    def _revocation(self, cell):
        try:
            self.revocations.append((yield from self.deployment.revoke(cell)))
        except Unreachable:
            pass

    def picked(self, window, wanted):
        """What requests of a time took; `wanted(kind, area, home)` says which."""
        return [took for at, *which, took in self.samples if window[0] <= at < window[1] and wanted(*which)]

    def revocation_times(self, window):
        """Seconds until they held everywhere, of those acknowledged in that time."""
        found = [one for one in self.revocations if window[0] <= one.acknowledged < window[1]]
        if self.deployment.stage.by_public_keys:
            # Nobody is told: a token lives on for what is left of its lifetime.
            return [self.chance.uniform(0, TOKEN_LIFETIME) for _ in found]
        times = [one.everywhere_after for one in found]
        assert None not in times, "a revocation that never came to hold"
        return times


# Tables


def row(*cells):
    print("| " + " | ".join(map(str, cells)) + " |")


def table(title, *columns):
    print(f"\n{title}\n")
    row(*columns)
    row("---", *["---:"] * (len(columns) - 1))


def in_ms(seconds):
    return f"{seconds * 1e3:.1f}" if seconds < 0.0095 else f"{seconds * 1e3:.0f}"


def in_words(seconds):
    if seconds == 0:
        return "at once"
    if seconds >= 60:
        return f"{seconds / 60:.1f} min"
    return f"{seconds:.2f} s" if seconds >= 1 else f"{in_ms(seconds)} ms"


def waits(times):
    """Median and p99 in milliseconds, of those that were answered."""
    answered = [took for took in times if took is not None]
    return f"{in_ms(quantile(answered, 0.5))} / {in_ms(quantile(answered, 0.99))}" if answered else "–"


def refused(times):
    return f"{100 * sum(took is None for took in times) / len(times):.0f} %"


def is_near(area, home):
    return area == home


def is_far(area, home):
    return (area, home) == ("ap", "eu")


def report_latencies(plays):
    table("ms, p50 / p99", "stage", "client", *KINDS)
    for play in plays:
        for name, is_meant in (("near", is_near), ("far", is_far)):
            found = [play.picked(QUIET, lambda k, area, home: k == kind and is_meant(area, home)) for kind in KINDS]
            row(play.deployment.stage.name, name, *map(waits, found))


def report_refusals(plays):
    table(
        "refused in those 30 s", "stage", "link cut: mint and redeem of far clients", "their validations",
        "all of other clients", "region lost: mint and redeem of all", "validations of all",
    )  # fmt: skip
    for play in plays:
        row(
            play.deployment.stage.name,
            refused(play.picked(CUT, lambda kind, area, _: area == "ap" and kind != "validate")),
            refused(play.picked(CUT, lambda kind, area, _: area == "ap" and kind == "validate")),
            refused(play.picked(CUT, lambda kind, area, _: area != "ap")),
            refused(play.picked(LOSS, lambda kind, area, _: kind != "validate")),
            refused(play.picked(LOSS, lambda kind, area, _: kind == "validate")),
        )


def report_revocations(plays):
    table("until a revocation holds everywhere", "stage", "p50", "p99", "longest", "link cut: p50", "longest")
    for play in plays:
        quiet, cut = play.revocation_times(QUIET), play.revocation_times(CUT)
        row(
            play.deployment.stage.name, *(in_words(quantile(quiet, share)) for share in (0.5, 0.99)), in_words(max(quiet)),
            in_words(quantile(cut, 0.5)), in_words(max(cut)),
        )  # fmt: skip


# What is full first


def largest_share(seed):
    """Of the load, what the fullest of the partitions has: workspaces as large as 1/1, 1/2, 1/3, ... dealt out by chance."""
    chance, loads = random.Random(seed), [0.0] * PARTITIONS
    for rank in range(1, WORKSPACES + 1):
        loads[chance.randrange(PARTITIONS)] += 1 / rank
    return max(loads) / sum(loads)


def bounds(stage, validations, share):
    """Mints a second, each with its exchange and so many validations, at which each resource is full.

    By the law of utilisation: what a resource can do in a second by what one of them takes of it. `share` is the fullest
    cell's, where there are several.
    """
    cells = len(stage.homes) * stage.cells_a_home
    fullest = share if stage.cells_a_home > 1 else 1 / cells
    # Clients are a third in each region; those away from home, or from the only home, ask validators.
    at_home = 0.0 if stage.by_public_keys else 1.0
    if stage.validators:
        at_home = 1 - AWAY if len(stage.homes) > 1 else 1 / len(REGIONS)
    service = MEASURED["service on SQLite" if stage.on_sqlite else "service on PostgreSQL"]
    own = (service["mint"] + service["redeem"] + validations * at_home * service["validate"]) * US
    found = {"processors of the service": stage.replicas * PROCESSORS_A_REPLICA / (own * fullest)}
    if stage.on_sqlite:
        writer = (MEASURED["SQLite writer"]["mint"] + MEASURED["SQLite writer"]["redeem"]) * US
        found["the writer's thread"] = 1 / (writer + 2 * SYNC_MS * MS / COMMANDS_A_TRANSACTION)
        return found
    command, transaction = MEASURED["PostgreSQL a command"], MEASURED["PostgreSQL a transaction"]
    server = (command["mint"] + command["redeem"] + 2 * transaction / COMMANDS_A_TRANSACTION) * US
    ways = 2 * (CROSSINGS["shared"] * WITHIN_REGION_MS + SYNC_MS) * MS / COMMANDS_A_TRANSACTION
    found["writing connections"] = stage.replicas / ((server + ways) * fullest)
    found["processors of PostgreSQL"] = PROCESSORS_A_DATABASE / (server * fullest)
    if stage.validators and validations:
        asked = (1 - at_home) * validations * service["validate"] * US
        regions = len(REGIONS) if len(stage.homes) > 1 else len(REGIONS) - 1
        found["processors of the validators"] = stage.validators * PROCESSORS_A_REPLICA * regions / asked
    return found


def report_bounds(seed):
    share = largest_share(seed)
    table(
        "most a second, and what is full then", "stage", "mint and redeem alone", "full",
        f"with {VALIDATIONS} validations each", "full",
    )  # fmt: skip
    for stage in STAGES:
        cells = []
        for validations in (0, VALIDATIONS):
            found = bounds(stage, validations, share)
            first = min(found, key=found.get)
            cells += [f"{float(f'{found[first]:.2g}'):,.0f}", first]
        row(stage.name, *cells)
    print(f"\nThe fullest of {PARTITIONS} partitions has {100 * share:.0f} % of the load.")


# What was measured


class OneMachine:
    """A cell whose replicas and data base are processes of one machine, with Unix sockets between them."""

    def __init__(self, stage, machine, server=None, sync_ms=1.0):
        """`machine` and `server` are numbers of processors; without a `server`, all share the first."""
        self.simulation, self.chance = Simulation(), random.Random(1)
        network = Network(self.simulation, self.chance, {frozenset(("eu",)): 40 * US}, jitter=0)
        own = Processors(self.simulation, machine)
        self.others = Processors(self.simulation, server) if server else own
        self.cell = Cell(self.simulation, network, "eu", stage, self.chance, own, self.others, sync_ms * MS)


class ClosedLoop(OneMachine):
    """Clients that ask again as soon as they have their answer, as wrk does."""

    def __init__(self, stage, kind, *machine, clients=32, client_us=10, seconds=5.0):
        super().__init__(stage, *machine)
        self.kind, self.seconds, self.took = kind, seconds, []
        for number in range(clients):
            replica = self.cell.replicas[number % stage.replicas]
            self.simulation.start(self._ask_on(replica, client_us * US))
        self.simulation.run(seconds)

    def _ask_on(self, replica, own):
        while True:
            yield self.others.work(self.cell.about(own))
            begun = self.simulation.now
            yield from serve(self.cell, replica, self.kind)
            self.took.append(self.simulation.now - begun)

    @property
    def rate(self):
        return len(self.took) / self.seconds

    @property
    def batch(self):
        batches = [replica.batches for replica in self.cell.replicas]
        return sum(one.commands for one in batches) / max(1, sum(one.transactions for one in batches))


class Revocations(OneMachine):
    """One revocation after the other beside 50 invites a second, as Benchmarks/revocations.py makes them."""

    def __init__(self, count, *machine):
        super().__init__(Stage("", replicas=3), *machine)
        self.count, self.found = count, []
        self.simulation.start(self._revoke())
        self.simulation.start(self._load())
        self.simulation.run(count)

    def _load(self):
        for turn in range(50 * self.count):
            yield self.simulation.pause(1 / 50)
            for kind in KINDS:
                self.simulation.start(serve(self.cell, self.cell.replicas[turn % 3], kind))

    def _revoke(self):
        for _ in range(self.count):
            yield from serve(self.cell, self.cell.replicas[0], revocation := Revocation(self.cell.replicas[0]))
            revocation.acknowledged = self.simulation.now
            yield self.simulation.pause(0.02)
            self.found.append(revocation)

    def times(self):
        """Until a client that asks every millisecond sees it, at each of the others."""
        return [
            max(0.0, held - one.acknowledged) + self.chance.uniform(0, 1 * MS) for one in self.found for held in one.held_at
        ]


# docs/performance.md, "Measured", at 32 connections: requests a second, p50 and p99 in ms.
ON_SQLITE = {"mint": (9_370, 3.2, 6.2), "redeem": (6_209, 4.7, 9.3), "validate": (22_157, 1.4, 2.6)}
ON_POSTGRES = {"mint": (9_249, 3.3, 8.6), "redeem": (7_443, 4.1, 8.7), "validate": (23_947, 1.3, 2.5)}
# docs/scaling.md, "How cost grows": commands a commit with 1, 2 and 3 replicas, and p50 in ms.
BY_REPLICAS = {"mint": ((19.2, 10.7), (13.1, 11.1), (9.5, 10.6)), "redeem": ((16.5, 24.4), (11.3, 11.9), (8.8, 12.8))}
# docs/scaling.md, "How fast a revocation is everywhere", both runs.
UNTIL_REFUSED = "0.9 to 1.0 / 4.5 to 5.6"
# 300 times fdatasync of 8 KiB on that machine while it was busy with builds: the tenth percentile, and the median.
QUIET_SYNC_MS, BUSY_SYNC_MS = 0.3, 4.6


def report_comparison():
    title = "what was measured, and what the model makes of it"
    table(title, "one replica, quiet machine", "measured: requests/s", "p50 / p99", "model: requests/s", "p50 / p99")
    for name, stage, measured in (("SQLite", STAGES[0], ON_SQLITE), ("PostgreSQL", Stage("", replicas=1), ON_POSTGRES)):
        for kind, (rate, p50, p99) in measured.items():
            played = ClosedLoop(stage, kind, 1, 1, QUIET_SYNC_MS)
            row(f"{kind}, {name}", f"{rate:,}", f"{p50} / {p99} ms", f"{played.rate:,.0f}", waits(played.took) + " ms")
    table(title, "two busy processors", "measured: commands a commit", "p50", "model: commands a commit", "p50")
    for kind, measured in BY_REPLICAS.items():
        for replicas, (batch, p50) in enumerate(measured, start=1):
            played = ClosedLoop(Stage("", replicas=replicas), kind, 2, None, BUSY_SYNC_MS)
            row(
                f"{kind}, {replicas} replica" + "s" * (replicas > 1), batch, f"{p50} ms", f"{played.batch:.1f}",
                in_ms(quantile(played.took, 0.5)) + " ms",
            )  # fmt: skip
    played = Revocations(2_000, 2, None, QUIET_SYNC_MS)
    print(f"\nRefused after a revocation, ms, p50 / p99: measured {UNTIL_REFUSED}, model {waits(played.times())}.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=40.0, help="requests a second of each operation in each region")
    options = parser.parse_args()
    report_comparison()
    report_bounds(options.seed)
    plays = [Play(stage, options.seed, options.rate) for stage in STAGES]
    report_latencies(plays)
    report_refusals(plays)
    report_revocations(plays)


if __name__ == "__main__":
    main()
