"""The parts of a deployment in one or many regions, as processes of a simulation: cells, replicas, validators, clients.

A cell is one data base with the replicas that issue on it. Validators are replicas in other regions that follow a cell on a
read replica of its data base. What is measured and what is assumed stands at the top; the rest is how the service works.
"""
import itertools
import math
from dataclasses import dataclass, field

from simulation import Batches, Disk, Network, Processors, Unreachable

MS, US = 1e-3, 1e-6

# Microseconds of CPU for one request, measured.
MEASURED = {
    # docs/performance.md, "Measured", 32 connections; all of the service, its writer included.
    "service on SQLite": {"mint": 104, "redeem": 156, "validate": 45, "revoke": 104},
    "service on PostgreSQL": {"mint": 90, "redeem": 131, "validate": 42, "revoke": 90},
    # docs/performance.md, "The store alone", 32 callers: what of the first line is the writer's, one command after the other.
    "SQLite writer": {"mint": 20, "redeem": 43, "revoke": 20},
    # docs/scaling.md, "How cost grows": PostgreSQL's part by size of batch, taken apart into a part for each command and one
    # for each transaction. Nobody measured a revocation's.
    "PostgreSQL a command": {"mint": 26, "redeem": 29, "revoke": 29},
    "PostgreSQL a transaction": 640,
    # docs/performance.md, V: one verification, which is all that public keys alone take.
    "verification": 77,
}
# Ways to the data base and back, measured by growth.py.
CROSSINGS = {"shared": 3, "revoke": 5}
# As built: commands that share a transaction at most, and how long one waits for company; how often a replica looks without
# being told; how old what it knows may be while it still takes tokens; the lifetime of a participant token. In seconds.
COMMANDS_A_TRANSACTION = 1_024
WINDOW_SQLITE, WINDOW_POSTGRES = 300 * US, 500 * US
LOOK, STALE, TOKEN_LIFETIME = 0.5, 4.75, 900.0

# Assumed. Light in glass takes 65, 103 and 155 ms there and back along the great circles between Frankfurt, Virginia and
# Singapore; what networks between such places show is about half as much again.
ROUND_TRIP_MS = {("eu", "us"): 90, ("eu", "ap"): 160, ("us", "ap"): 220}
REGIONS = ("eu", "us", "ap")
WITHIN_REGION_MS, LAST_MILE_MS, JITTER = 0.5, 20, 0.02
# Assumed: a sync of a data centre's disk (here a tenth take 0.3 ms and half of them 4.6 on a busy machine), and the CPU
# of a look at what changed.
SYNC_MS, LOOK_US = 1.0, 200
PROCESSORS_A_REPLICA, PROCESSORS_A_DATABASE = 4, 8
# Assumed of read replicas, which are not built: the time to replay what arrived, how often the source says that it is
# there, and how long after a cut it takes to connect again. In seconds.
REPLAY, HEARTBEAT, RECONNECT = 5 * MS, 0.5, 1.0


@dataclass(frozen=True)
class Stage:
    """What stands where. A home is a region with cells of its own."""

    name: str
    on_sqlite: bool = False
    homes: tuple = ("eu",)
    cells_a_home: int = 1
    replicas: int = 3
    validators: int = 0
    by_public_keys: bool = False


class Refused(Exception):
    """A replica does not know whether the token was revoked."""


def client(area):
    return area + " client"


def network_of(simulation, chance, jitter=JITTER):
    """Regions and their clients: a client is its last mile away from its own region, and that more from the others."""
    between = {frozenset(pair): ms for pair, ms in ROUND_TRIP_MS.items()}
    trips = {}
    for one, other in itertools.product(REGIONS, REGIONS):
        ms = 0 if one == other else between[frozenset((one, other))]
        trips[frozenset((one, other))] = (ms or WITHIN_REGION_MS) * MS
        trips[frozenset((client(one), other))] = (ms + LAST_MILE_MS) * MS
    return Network(simulation, chance, trips, jitter)


def cut_areas(network, one, other, begin, end):
    """Cuts all that leads from one area to the other, the ways of the clients too."""
    for pair in ((one, other), (client(one), other), (one, client(other))):
        network.cut(*pair, begin, end)


@dataclass
class Revocation:
    """A command of its own, and what became of it."""

    replica: "Replica"
    committed: float | None = None
    acknowledged: float | None = None
    held_at: list = field(default_factory=list)
    views: int = 0

    @property
    def everywhere_after(self):
        """Seconds from its acknowledgement until no replica takes the token; None where one still does."""
        if self.acknowledged is None or len(self.held_at) < self.views:
            return None
        return max([0.0, *(time - self.acknowledged for time in self.held_at)])


class View:
    """What one replica knows of one cell's revocations: all that were committed up to `known`, as it was at `as_of`."""

    def __init__(self, simulation):
        self.simulation, self.known, self.as_of, self.pending = simulation, 0.0, 0.0, []

    @property
    def is_stale(self):
        return self.simulation.now - self.as_of > STALE

    def learn(self, known, as_of):
        # Who took nothing any more took these tokens neither, before it knew why.
        refusing_from = self.as_of + STALE
        self.known, self.as_of = max(self.known, known), max(self.as_of, as_of)
        for revocation in self.pending:
            if revocation.committed <= self.known:
                revocation.held_at.append(min(self.simulation.now, max(refusing_from, revocation.committed)))
        self.pending = [revocation for revocation in self.pending if revocation.committed > self.known]


class Replica:
    """A process of the service; the processors may be shared with others."""

    def __init__(self, simulation, region, processors=None):
        self.region = region
        self.processors = processors or Processors(simulation, PROCESSORS_A_REPLICA)
        self.views, self.batches = {}, None


class ReadReplica:
    """A standby elsewhere: has what was written one crossing and a replay ago, and nothing newer while it is cut off."""

    def __init__(self, network, source, place):
        self.network, self.source, self.place = network, source, place
        self.lag = network.one_way(source, place) + REPLAY

    def as_of(self):
        """The time at the source up to which everything is here."""
        now = self.network.simulation.now
        for begin, end in self.network.interruptions(self.source, self.place):
            if begin <= now < end + RECONNECT + self.lag:
                return begin - self.lag
        return now - self.lag


class Cell:
    """One data base in one region, and the replicas that issue on it."""

    def __init__(self, simulation, network, region, stage, chance, machine=None, server=None, sync=SYNC_MS * MS):
        """`machine` are processors that its replicas share, `server` those of the data base; otherwise each has its own."""
        self.simulation, self.network, self.region, self.stage = simulation, network, region, stage
        self.chance = chance
        self.processors = server or Processors(simulation, PROCESSORS_A_DATABASE)
        self.disk, self.views = Disk(simulation, sync), []
        self.replicas = [Replica(simulation, region, machine) for _ in range(stage.replicas)]
        for replica in self.replicas:
            window = WINDOW_SQLITE if stage.on_sqlite else WINDOW_POSTGRES
            replica.batches = Batches(simulation, self._process_of(replica), COMMANDS_A_TRANSACTION, window)
            view = self.viewed_by(replica)
            if stage.on_sqlite:
                view.learn(math.inf, math.inf)  # the one process that writes is the one that knows
            else:
                simulation.start(self._look_often(view, region, self._now, chance.random()))

    def viewed_by(self, replica):
        view = replica.views[self] = View(self.simulation)
        self.views.append(view)
        return view

    def followed_by(self, replica, chance):
        """A validator in another region, which follows on a read replica there."""
        standby = ReadReplica(self.network, self.region, replica.region)
        view = self.viewed_by(replica)
        self.simulation.start(self._look_often(view, replica.region, standby.as_of, chance.random(), HEARTBEAT))

    @property
    def service_us(self):
        """What a replica's processors do for a request, but for SQLite's writer."""
        if not self.stage.on_sqlite:
            return MEASURED["service on PostgreSQL"]
        writer = MEASURED["SQLite writer"]
        return {kind: cpu - writer.get(kind, 0) for kind, cpu in MEASURED["service on SQLite"].items()}

    def about(self, seconds):
        """A time for a piece of work whose mean this is."""
        return self.chance.expovariate(1 / seconds)

    # Writing

    def _process_of(self, replica):
        if self.stage.on_sqlite:
            return lambda commands: self._sqlite_transaction(replica, commands)
        return self._transactions

    def _sqlite_transaction(self, replica, commands):
        work = sum(MEASURED["SQLite writer"][kind_of(one)] for one in commands) * US
        yield replica.processors.work(self.about(work))
        yield self.disk.sync
        self._revoked([one for one in commands if isinstance(one, Revocation)])

    def _transactions(self, commands):
        """One for all that can share it, and one for each revocation.

        Revocations at other replicas do not wait for it here; in the service they do, a commit long.
        """
        shared = [one for one in commands if not isinstance(one, Revocation)]
        if shared:
            yield from self._transaction(shared, CROSSINGS["shared"])
        for revocation in (one for one in commands if isinstance(one, Revocation)):
            yield from self._transaction([revocation], CROSSINGS["revoke"])

    def _transaction(self, commands, crossings):
        """Asks so often, with the work dealt out evenly; the last time is the commit, with its sync."""
        work = sum(MEASURED["PostgreSQL a command"][kind_of(one)] for one in commands)
        work = (work + MEASURED["PostgreSQL a transaction"]) * US / crossings
        for number in range(crossings):
            yield from self.network.cross(self.region, self.region)
            yield self.processors.work(self.about(work))
            if number == crossings - 1:
                yield self.disk.sync
                self._revoked([one for one in commands if isinstance(one, Revocation)])
            yield from self.network.cross(self.region, self.region)

    def _revoked(self, revocations):
        """Committed: where it was asked for it is known with the answer; the cell's other replicas are told."""
        for revocation in revocations:
            revocation.committed = self.simulation.now
            own = revocation.replica.views[self]
            others = [view for view in self.views if view is not own]
            revocation.views = len(others)
            for view in others:
                view.pending.append(revocation)
            for replica in self.replicas:
                if replica is not revocation.replica:
                    self.simulation.start(self._told(replica.views[self]))

    # Following

    def _now(self):
        return self.simulation.now

    def _told(self, view):
        yield self.simulation.pause(self.network.one_way(self.region, self.region))
        yield from self._look(view, self.region, self._now)

    def _look_often(self, view, place, source, phase, heartbeat=None):
        yield self.simulation.pause(phase * LOOK)
        while True:
            yield from self._look(view, place, source, heartbeat)
            yield self.simulation.pause(LOOK)

    def _look(self, view, place, source, heartbeat=None):
        """Asks the data base of this place. A primary was there when it answered; a standby knows by heartbeats."""
        begun = self.simulation.now
        try:
            yield from self.network.cross(place, place)
            known = source()
            if not heartbeat:
                yield self.processors.work(self.about(LOOK_US * US))
            yield from self.network.cross(place, place)
        except Unreachable:
            return
        view.learn(known, known // heartbeat * heartbeat if heartbeat else begun)


def kind_of(command):
    return "revoke" if isinstance(command, Revocation) else command


class Deployment:
    """A stage: its cells, and its validators in every region for the cells of the others."""

    def __init__(self, simulation, network, stage, chance):
        self.simulation, self.network, self.stage, self.chance = simulation, network, stage, chance
        self.cells = [
            Cell(simulation, network, region, stage, chance) for region in stage.homes for _ in range(stage.cells_a_home)
        ]
        self.validators = []
        for region in REGIONS if stage.validators else ():
            foreign = [cell for cell in self.cells if cell.region != region]
            for _ in range(stage.validators if foreign else 0):
                replica = Replica(simulation, region)
                self.validators.append(replica)
                for cell in foreign:
                    cell.followed_by(replica, chance)

    def asked_by(self, area, kind, cell):
        """The replica that a client's request comes to: one in the nearest region that can be reached and can do it."""
        able = list(cell.replicas)
        if kind == "validate":
            able += [replica for replica in self.validators if cell in replica.views]
        place = client(area)
        able = [replica for replica in able if self.network.is_open(place, replica.region)]
        if not able:
            raise Unreachable(cell.region)
        nearest = min(self.network.one_way(place, replica.region) for replica in able)
        return self.chance.choice([one for one in able if self.network.one_way(place, one.region) == nearest])

    def ask(self, area, kind, cell):
        """One request of a client: a process that ends when the answer is there, or raises why there is none."""
        if kind == "validate" and self.stage.by_public_keys:
            yield self.simulation.pause(MEASURED["verification"] * US)
            return
        replica = self.asked_by(area, kind, cell)
        yield from self.network.cross(client(area), replica.region)
        yield from serve(cell, replica, kind)
        yield from self.network.cross(replica.region, client(area))

    def revoke(self, cell):
        """A revocation at one of the cell's replicas, by a backend in its region."""
        revocation = Revocation(self.chance.choice(cell.replicas))
        yield from serve(cell, revocation.replica, revocation)
        revocation.acknowledged = self.simulation.now
        return revocation


def serve(cell, replica, command):
    """What a replica does for a request, half of its work before the commit and half after it."""
    cpu = cell.service_us[kind_of(command)] * US
    if command == "validate":
        yield replica.processors.work(cell.about(cpu))
        if replica.views[cell].is_stale:
            raise Refused
        return
    yield replica.processors.work(cell.about(cpu / 2))
    failure = yield replica.batches.commit(command)
    if failure:
        raise failure
    yield replica.processors.work(cell.about(cpu / 2))
