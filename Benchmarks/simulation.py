"""Discrete events: a clock that jumps, processes that wait, and what they wait for. Standard library only.

A process is a generator that yields what it waits for; parts of it are called with `yield from`. Whatever can be waited
for is a function that takes `resume` and calls it later, with the value that the `yield` gives. Nothing here asks the
machine for the time or for random numbers: the same seed plays the same events.
"""
import collections
import heapq
import itertools


class Simulation:
    """Events in the order of their times, and those of one time in the order in which they were planned."""

    def __init__(self):
        self.now = 0.0
        self._events, self._numbers = [], itertools.count()

    def at(self, time, action):
        assert time >= self.now, "an event in the past"
        heapq.heappush(self._events, (time, next(self._numbers), action))

    def run(self, until):
        """Plays all events up to this time, which is the time afterwards."""
        while self._events and self._events[0][0] <= until:
            self.now, _, action = heapq.heappop(self._events)
            action()
        self.now = until

    def start(self, process):
        def resume(value=None):
            try:
                wait = process.send(value)
            except StopIteration:
                return
            wait(resume)

        self.at(self.now, resume)

    def pause(self, seconds):
        return lambda resume: self.at(self.now + seconds, resume)


class Processors:
    """So many that do pieces of work, each on one of them, first come first served."""

    def __init__(self, simulation, count):
        self.simulation, self.count = simulation, count
        self.busy, self.busy_seconds = 0, 0.0
        self._queue = collections.deque()

    def work(self, seconds):
        def wait(resume):
            self._queue.append((seconds, resume))
            self._begin()

        return wait

    def _begin(self):
        while self._queue and self.busy < self.count:
            seconds, resume = self._queue.popleft()
            self.busy += 1
            self.simulation.at(self.simulation.now + seconds, lambda s=seconds, r=resume: self._end(s, r))

    def _end(self, seconds, resume):
        self.busy -= 1
        self.busy_seconds += seconds
        resume()
        self._begin()


class Disk:
    """Syncs one after the other; all that wait when one begins share it."""

    def __init__(self, simulation, seconds):
        self.simulation, self.seconds, self.syncs = simulation, seconds, 0
        self._waiting, self._under_way = [], []

    def sync(self, resume):
        self._waiting.append(resume)
        if not self._under_way:
            self._begin()

    def _begin(self):
        self._under_way, self._waiting = self._waiting, []
        if self._under_way:
            self.syncs += 1
            self.simulation.at(self.simulation.now + self.seconds, self._end)

    def _end(self):
        done = self._under_way
        # Those that the end of this sync makes ask for another one belong to the next.
        self._begin()
        for resume in done:
            resume()


class Batches:
    """Group commit: commands wait while a transaction runs, and the next takes all of them, up to `most`.

    `transaction(commands)` is the process that does one; its failure is that of every command in it. Where several were under
    way at once lately, a transaction waits until as many are there, but no longer than `window`: as the service does.
    """

    def __init__(self, simulation, transaction, most, window=0.0):
        self.simulation, self.transaction, self.most, self.window = simulation, transaction, most, window
        self.transactions = self.commands = 0
        self._queue, self._is_running = collections.deque(), False
        self._expected, self._go_on = 1, None

    def commit(self, command):
        """Waits until the command is committed; gives None, or why it was not."""

        def wait(resume):
            self._queue.append((command, resume))
            if not self._is_running:
                self._is_running = True
                self.simulation.start(self._run())
            elif self._go_on and len(self._queue) >= self._expected:
                self._go_on()

        return wait

    def _run(self):
        while self._queue:
            if self.window and len(self._queue) < self._expected:
                yield self._company
            batch = [self._queue.popleft() for _ in range(min(self.most, len(self._queue)))]
            failure = None
            try:
                yield from self.transaction([command for command, _ in batch])
                self.transactions += 1
                self.commands += len(batch)
            except Unreachable as error:
                failure = error
            under_way = len(batch) + len(self._queue)
            self._expected = max(under_way, self._expected - max(1, self._expected // 8))
            for _, resume in batch:
                # On its own, so that whoever it wakes can not disturb this loop.
                self.simulation.at(self.simulation.now, lambda resume=resume: resume(failure))
            yield self.simulation.pause(0.0)
        self._is_running = False

    def _company(self, resume):
        """Waits for as many commands as are expected, or until the window is over: whichever is first."""

        def go_on():
            if self._go_on is go_on:
                self._go_on = None
                resume()

        self._go_on = go_on
        self.simulation.at(self.simulation.now + self.window, go_on)


class Unreachable(Exception):
    """Somebody could not be asked: a link is cut, or a place is gone."""


class Network:
    """Times between places, with cuts between two of them and losses of one, each from a time to a time.

    A crossing takes half the round trip and, on top, an exponential share of it, whose mean is `jitter`. What is on a link
    when it is cut is lost, and its sender finds out at once: how long clients wait is not what is looked at here.
    """

    def __init__(self, simulation, random, round_trips, jitter):
        self.simulation, self.random, self.round_trips, self.jitter = simulation, random, round_trips, jitter
        self._cuts, self._losses = [], []

    def cut(self, one, other, begin, end):
        self._cuts.append((frozenset((one, other)), begin, end))

    def lose(self, place, begin, end):
        self._losses.append((place, begin, end))

    def interruptions(self, one, other):
        """When the one could or can not reach the other, as pairs of begin and end."""
        pair = frozenset((one, other))
        cuts = [(begin, end) for cut, begin, end in self._cuts if cut == pair]
        return cuts + [(begin, end) for lost, begin, end in self._losses if lost in pair]

    def is_open(self, one, other):
        return not any(begin <= self.simulation.now < end for begin, end in self.interruptions(one, other))

    def one_way(self, one, other):
        return self.round_trips[frozenset((one, other))] / 2

    def cross(self, one, other):
        if not self.is_open(one, other):
            raise Unreachable(f"{one} to {other}")
        mean = self.one_way(one, other)
        yield self.simulation.pause(mean + self.random.expovariate(1 / (mean * self.jitter)) if self.jitter else mean)
        if not self.is_open(one, other):
            raise Unreachable(f"{one} to {other}")


def quantile(values, share):
    """The least value that so large a share of all is not above; None of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None
