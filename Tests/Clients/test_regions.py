"""The simulation of the plan for many regions, held against what is known without one: laws, closed forms, its own rules.

It runs in its own time with its own seed, so none of this depends on how fast the machine is.
"""

import math
import random
import sys

import pytest

import harness

sys.path.insert(0, str(harness.TOP / "Benchmarks"))

import region_model  # noqa: E402
import regions  # noqa: E402
from simulation import Batches, Disk, Network, Processors, Simulation, Unreachable, quantile  # noqa: E402


def mean_wait(servers, load, is_exponential, customers=200_000):
    """Mean wait in a queue before pieces of work of one second, or of one on average."""
    simulation, chance, waits = Simulation(), random.Random(5), []
    processors = Processors(simulation, servers)

    def customer():
        seconds = chance.expovariate(1.0) if is_exponential else 1.0
        begun = simulation.now
        yield processors.work(seconds)
        waits.append(simulation.now - begun - seconds)

    def arrivals():
        for _ in range(customers):
            yield simulation.pause(chance.expovariate(load * servers))
            simulation.start(customer())

    simulation.start(arrivals())
    simulation.run(math.inf)
    assert len(waits) == customers and min(waits) > -1e-6
    return sum(waits) / len(waits)


def erlang_c_wait(servers, load):
    """Mean wait of M/M/c in mean service times, by Erlang's C."""
    offered = load * servers
    full = offered**servers / math.factorial(servers) / (1 - load)
    waits = full / (sum(offered**n / math.factorial(n) for n in range(servers)) + full)
    return waits / (servers * (1 - load))


@pytest.mark.parametrize("load", [0.3, 0.7])
@pytest.mark.parametrize("servers", [1, 4])
def test_queues_wait_as_long_as_erlang_says(servers, load):
    assert mean_wait(servers, load, True) == pytest.approx(erlang_c_wait(servers, load), rel=0.05, abs=0.002)


def test_even_work_waits_as_long_as_pollaczek_and_khinchine_say():
    # M/D/1: load / (2 (1 - load)) of a service time.
    assert mean_wait(1, 0.7, False) == pytest.approx(0.7 / 0.6, rel=0.05)


def test_a_sync_serves_all_that_asked_before_it_began_and_nobody_else():
    simulation, done = Simulation(), []
    disk = Disk(simulation, 1.0)

    def writer(at):
        yield simulation.pause(at)
        yield disk.sync
        done.append((at, simulation.now))

    for at in (0.0, 0.2, 0.9, 2.5, 7.0):
        simulation.start(writer(at))
    simulation.run(20.0)
    assert done == [(0.0, 1.0), (0.2, 2.0), (0.9, 2.0), (2.5, 3.5), (7.0, 8.0)]
    assert disk.syncs == 4


def test_a_batch_takes_what_came_while_the_one_before_ran_and_answers_each_once():
    simulation, taken, answers = Simulation(), [], []

    def transaction(commands):
        taken.append(commands)
        yield simulation.pause(1.0)

    batches = Batches(simulation, transaction, most=3)

    def caller(number, at):
        yield simulation.pause(at)
        answers.append((number, (yield batches.commit(number)), simulation.now))

    for number, at in enumerate((0.0, 0.1, 0.2, 0.3, 0.4, 5.0)):
        simulation.start(caller(number, at))
    simulation.run(20.0)
    assert taken == [[0], [1, 2, 3], [4], [5]]
    assert answers == [(0, None, 1.0), (1, None, 2.0), (2, None, 2.0), (3, None, 2.0), (4, None, 3.0), (5, None, 6.0)]


def test_a_transaction_waits_for_company_within_its_window_only():
    simulation, begun = Simulation(), []

    def transaction(commands):
        begun.append((len(commands), round(simulation.now, 6)))
        yield simulation.pause(1.0)

    batches = Batches(simulation, transaction, most=100, window=0.5)

    def caller(at):
        yield simulation.pause(at)
        yield batches.commit("one")

    # One alone does not wait; after two at once, one waits for the other: until it comes, or until the window is over.
    for at in (0.0, 0.1, 1.2, 5.0, 10.0):
        simulation.start(caller(at))
    simulation.run(30.0)
    assert begun == [(1, 0.0), (2, 1.2), (1, 5.5), (1, 10.0)]


def test_a_failed_transaction_fails_all_its_commands_and_not_the_next():
    simulation, answers = Simulation(), []

    def transaction(commands):
        yield simulation.pause(1.0)
        if "bad" in commands:
            raise Unreachable("gone")

    batches = Batches(simulation, transaction, most=10)

    def caller(command, at):
        yield simulation.pause(at)
        answers.append((command, type((yield batches.commit(command)))))

    for command, at in (("bad", 0.0), ("good", 0.5)):
        simulation.start(caller(command, at))
    simulation.run(10.0)
    assert answers == [("bad", Unreachable), ("good", type(None))]


def standby_at(time):
    simulation = Simulation()
    network = Network(simulation, None, {frozenset(("here", "there")): 0.1}, jitter=0)
    network.cut("here", "there", 10.0, 20.0)
    simulation.run(time)
    return region_model.ReadReplica(network, "here", "there").as_of()


def test_a_read_replica_is_its_lag_behind_and_stands_still_while_it_is_cut_off():
    lag = 0.05 + region_model.REPLAY
    again = 20.0 + region_model.RECONNECT + lag
    assert standby_at(9.9) == pytest.approx(9.9 - lag)
    assert standby_at(10.0) == standby_at(19.9) == standby_at(again - 0.01) == pytest.approx(10.0 - lag)
    assert standby_at(again + 0.01) == pytest.approx(again + 0.01 - lag)


@pytest.fixture(scope="module")
def plays():
    return [regions.Play(stage, seed=3, rate=4.0) for stage in regions.STAGES]


def answered(play):
    return [sample for sample in play.samples if sample[-1] is not None]


def test_every_request_is_answered_or_refused_once(plays):
    for play in plays:
        assert play.asked == len(play.samples) > 4_000
        done = sum(kind != "validate" for _, kind, *_ in answered(play))
        committed = sum(replica.batches.commands for cell in play.deployment.cells for replica in cell.replicas)
        # What was committed and never heard of was on its way when a link was cut or a region lost.
        assert 0 <= committed - done - len(play.revocations) <= 10


def test_nothing_is_refused_while_nothing_is_wrong_and_no_answer_outruns_the_network(plays):
    for play in plays:
        for at, kind, area, home, took in play.samples:
            if not regions.QUIET[0] <= at < regions.QUIET[1]:
                continue
            assert took is not None
            if kind != "validate":
                assert took > 2 * play.network.one_way(region_model.client(area), home)


def test_processors_are_as_busy_as_the_law_of_utilisation_says(plays):
    for play in plays:
        if play.deployment.stage.on_sqlite:
            continue
        cells, own = play.deployment.cells, region_model.MEASURED["service on PostgreSQL"]
        own = {**own, "validate": 0 if play.deployment.stage.by_public_keys else own["validate"]}
        expected = sum(own[kind] for _, kind, *_ in answered(play)) + len(play.revocations) * own["revoke"]
        busy = sum(replica.processors.busy_seconds for cell in cells for replica in cell.replicas)
        busy += sum(replica.processors.busy_seconds for replica in play.deployment.validators)
        # Refusals cost something, too.
        assert busy == pytest.approx(expected * 1e-6, rel=0.1)


def test_a_revocation_holds_everywhere_before_what_is_known_may_be_that_old(plays):
    for play in plays[:5]:
        for revocation in play.revocations:
            assert all(held >= revocation.committed for held in revocation.held_at)
        times = play.revocation_times(regions.CUT) + play.revocation_times(regions.QUIET)
        assert times and max(times) <= region_model.STALE
    assert max(plays[1].revocation_times(regions.QUIET)) < 0.05 < max(plays[2].revocation_times(regions.QUIET))


def test_validators_abroad_take_tokens_for_as_long_as_they_may_and_no_longer(plays):
    for play in (plays[2], plays[3]):
        abroad = [
            (at - regions.CUT[0], took) for at, kind, area, _, took in play.samples
            if kind == "validate" and area == "ap" and regions.CUT[0] <= at < regions.CUT[1]
        ]  # fmt: skip
        taken = [at for at, took in abroad if took is not None]
        # What they know ages from the last heartbeat, which may be half a second older than the cut, and the lag.
        assert region_model.STALE - 1.5 < max(taken) <= region_model.STALE


def test_the_same_seed_plays_the_same_events_and_another_others():
    once, again, other = (regions.Play(regions.STAGES[4], seed, rate=1.0).samples for seed in (1, 1, 2))
    assert once == again != other


def test_clients_that_ask_again_at_once_do_not_get_more_than_the_bound():
    stage = regions.Stage("", replicas=1)
    played = regions.ClosedLoop(stage, "mint", 1, 1, 0.3, seconds=2.0)
    assert 0.5 / 90e-6 < played.rate <= 1.02 / 90e-6
    # Little: clients = rate x (wait + own work), and each is in one place.
    mean = sum(played.took) / len(played.took)
    assert played.rate * mean == pytest.approx(32, rel=0.05)


def test_quantiles():
    assert quantile([], 0.5) is None
    assert [quantile(range(100), share) for share in (0.0, 0.5, 0.99, 1.0)] == [0, 50, 99, 99]


def test_full_batches_come_near_the_bound_of_a_writing_connection():
    command, transaction = (region_model.MEASURED[f"PostgreSQL a {name}"] for name in ("command", "transaction"))
    most, sync_ms = region_model.COMMANDS_A_TRANSACTION, 1.0
    bound = 1 / ((command["mint"] + transaction / most) * 1e-6 + sync_ms * 1e-3 / most)
    # Processors enough for everything else, and more clients than one batch takes.
    stage = regions.Stage("", replicas=1)
    played = regions.ClosedLoop(stage, "mint", 40, 40, sync_ms, clients=4_000, client_us=0.001, seconds=5.0)
    assert played.batch > 0.9 * most
    assert 0.85 * bound < played.rate <= 1.02 * bound
