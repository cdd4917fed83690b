"""Three replicas on one PostgreSQL, as three machines have them: they race, revoke, end, and lose their data base.

REPLICA_RACES tries (500 unless said) over invites with one use each. The cluster is private and goes with the tests.
"""

import os
import shutil
import threading
import time

import harness
import postgres
import pytest
from harness import assert_error, campaign, email
from wire import Wire, request

RACES = int(os.environ.get("REPLICA_RACES", "500"))
RACERS = 20


@pytest.fixture(scope="module")
def cluster():
    if not postgres.available():
        pytest.skip("the executable was built without PostgreSQL, or it is not installed")
    with postgres.Cluster() as running:
        yield running


@pytest.fixture(scope="module")
def deployment(cluster, tmp_path_factory):
    root = harness.fresh_directory(tmp_path_factory.mktemp("replicas"))
    return harness.Deployment(root, env={"TOKENSERVICE_STORE": cluster.address})


@pytest.fixture()
def replicas(cluster, deployment):
    """Three services of one deployment; those that a test ended are left alone."""
    running = [replica(cluster, deployment) for _ in range(3)]
    yield running
    for service in running:
        if service.process.poll() is None:
            service.stop()


def replica(cluster, deployment):
    return harness.Service(deployment, env={"TOKENSERVICE_STORE": cluster.address}).start()


def redeem_bytes(token):
    return request("POST", "/v1/widget/sessions", {"invite_token": token})


def mint_many(service, count, **more):
    items = [{"campaign_id": campaign("many"), "participant_email": email(), **more} for _ in range(count)]
    made = []
    for at in range(0, count, 1_000):
        answer = service.api().post("/v1/invites/batch", {"invites": items[at : at + 1_000]})
        assert answer.status_code == 200
        made += [result["invite"] for result in answer.json()["results"]]
    return made


def test_one_winner_an_invite_over_three_replicas(replicas):
    invites = mint_many(replicas[0], max(RACES // RACERS, 1))
    conns = [Wire(replicas[number % 3].address) for number in range(RACERS)]
    for invite in invites:
        data = redeem_bytes(invite["invite_token"])
        for conn in conns:
            conn.send(data[:-1])
        for conn in conns:
            conn.send(data[-1:])
        answers = [conn.read() for conn in conns]
        assert [answer.status for answer in answers].count(201) == 1, [answer.status for answer in answers]
        assert [answer.status for answer in answers].count(409) == RACERS - 1
    for conn in conns:
        conn.close()
    api = replicas[1].api()
    for invite in invites[::10]:
        assert api.get(f"/v1/invites/{invite['id']}").json()["uses"] == 1
    print(f"{len(invites) * RACERS} racing redeems over {len(invites)} invites at three replicas: one winner each")


def test_a_retry_at_another_replica_mints_nothing_twice(replicas):
    body = {"campaign_id": campaign("retry"), "participant_email": email()}
    headers = {"Idempotency-Key": email()}
    answers = [service.api().post("/v1/invites", body, headers=headers) for service in replicas]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert [answer.headers.get("Idempotent-Replayed") for answer in answers] == [None, "true", "true"]


def test_a_revocation_reaches_every_replica_within_a_second(replicas):
    first, *others = replicas
    tokens = []
    for invite in mint_many(first, 20):
        answer = first.widget().redeem(invite["invite_token"])
        assert answer.status_code == 201
        tokens.append((answer.json()["session_id"], answer.json()["participant_token"]))
    worst = 0.0
    for session, token in tokens:
        for service in others:
            assert service.widget().validate(token).status_code == 200
        assert first.api().post("/v1/revocations", {"session_id": session}).status_code == 201
        begun = time.monotonic()
        assert first.widget().validate(token).status_code == 410
        for service in others:
            harness.wait_until("a revocation", lambda: service.widget().validate(token).status_code == 410, 1.0)
        worst = max(worst, time.monotonic() - begun)
    print(f"{len(tokens)} revocations at two other replicas, the slowest after {worst * 1000:.0f} ms")


def test_a_limit_holds_over_three_replicas(cluster, deployment, replicas):
    """100 requests a minute and key: at most so many in a window at all of them together, and nearly so many."""

    def limit(text):
        done = harness.run_cli(
            "workspace", "set", "default", "--requests-per-minute", text, "--data-dir", deployment.data_dir,
            env={"TOKENSERVICE_STORE": cluster.address},
        )  # fmt: skip
        assert done.returncode == 0, done.err

    def ask(api):
        answer = api.get("/v1/invites", params={"limit": 1})
        assert answer.status_code in (200, 429), answer.text
        assert 0 <= int(answer.headers["X-RateLimit-Remaining"]) < int(answer.headers["X-RateLimit-Limit"])
        return answer.headers["X-RateLimit-Reset"], answer.status_code == 200

    key = replicas[0].api().make_key(["invites:read"])["secret"]
    limit("100")
    try:
        for service in replicas:
            harness.wait_until(
                "the new limit",
                lambda: service.api().get("/v1/invites?limit=1").headers["X-RateLimit-Limit"] == "100",
            )
        # So that it is over before the minute is; where it is not, each window is looked at for itself.
        harness.wait_until("the first half of a minute", lambda: time.time() % 60 < 40, 30.0)
        answers = []

        def hammer(service):
            api = service.api(key)
            answers.extend([ask(api) for _ in range(120)])

        threads = [threading.Thread(target=hammer, args=(service,)) for service in replicas for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(answers) == 720
        windows = {reset: [ok for at, ok in answers if at == reset].count(True) for reset, _ in answers}
        assert max(windows.values()) <= 100, windows
        assert max(windows.values()) >= 90, windows
        print(f"admitted by window: {windows}")
    finally:
        limit("plan")


def test_a_killed_replica_takes_nothing_with_it(cluster, deployment, replicas):
    first, second, third = replicas
    minted = [first.api().mint() for _ in range(20)]
    first.kill()
    for invite in minted:
        assert second.widget().redeem(invite["invite_token"]).status_code == 201
        assert third.widget().redeem(invite["invite_token"]).status_code == 409
    replicas[0] = replica(cluster, deployment)
    assert replicas[0].widget().redeem(minted[0]["invite_token"]).status_code == 409
    done = harness.run_cli("audit", "verify", "--data-dir", deployment.data_dir, env={"TOKENSERVICE_STORE": cluster.address})
    assert done.returncode == 0, (done.out, done.err)


def test_a_rolling_restart_drops_no_request(cluster, deployment, replicas):
    """Clients ask whichever replica is there; each is stopped and started again in its turn."""
    is_over, faults, done = threading.Event(), [], []

    def client(number):
        while not is_over.is_set():
            for service in list(replicas[number:] + replicas[:number]):
                try:
                    answer = service.api().post(
                        "/v1/invites", {"campaign_id": campaign("roll"), "participant_email": email()}
                    )
                except OSError:
                    # Closed between two requests, or not there: the next one.
                    continue
                if answer.status_code == 503:
                    continue
                if answer.status_code != 201:
                    faults.append((answer.status_code, answer.text))
                done.append(answer.json().get("id"))
                break
            else:
                faults.append("no replica was there")

    clients = [threading.Thread(target=client, args=(number,), daemon=True) for number in range(3)]
    for thread in clients:
        thread.start()
    for number in range(3):
        before = len(done)
        harness.wait_until("some mints", lambda: len(done) >= before + 20, 20.0)
        replicas[number].stop()
        replicas[number] = replica(cluster, deployment)
    is_over.set()
    for thread in clients:
        thread.join(timeout=20)
    assert not faults, faults[:3]
    assert len(set(done)) == len(done)
    for invite in done[::10]:
        assert replicas[0].api().get(f"/v1/invites/{invite}").status_code == 200


def test_postgres_killed_and_started_again(cluster, replicas):
    """503 with Retry-After while it is away, nothing acknowledged lost, and no restart needed."""
    first, second, _ = replicas
    minted = [first.api().mint() for _ in range(10)]
    cluster.crash()
    try:
        answer = first.api().post("/v1/invites", {"campaign_id": "c", "participant_email": email()})
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["Retry-After"]) > 0
        for service in replicas:
            harness.wait_until("not ready", lambda: service.api("").get("/readyz").status_code == 503, 10.0)
    finally:
        cluster.start()
    for service in replicas:
        harness.wait_until("ready", lambda: service.api("").get("/readyz").status_code == 200, 20.0)
    for invite in minted:
        assert second.widget().redeem(invite["invite_token"]).status_code == 201
        assert first.widget().redeem(invite["invite_token"]).status_code == 409


@pytest.mark.parametrize("seconds", [60, -60])
def test_a_replica_whose_clock_is_off_is_not_ready(cluster, deployment, replicas, shim, seconds):
    """PostgreSQL's clock judges: the others serve on, and what the one was asked is done by them."""
    invite = replicas[0].api().mint()
    env = {"TOKENSERVICE_STORE": cluster.address, "LD_PRELOAD": str(shim), "CLOCK_SHIFT_SECONDS": str(seconds)}
    with harness.Service(deployment, env=env) as off:
        ready = off.api("").get("/readyz")
        assert ready.status_code == 503 and "clock" in ready.text, ready.text
        mint = {"campaign_id": campaign("off"), "participant_email": email()}
        for answer in (off.api().post("/v1/invites", mint), off.widget().redeem(invite["invite_token"])):
            assert_error(answer, 503, "unavailable")
            assert int(answer.headers["Retry-After"]) > 0
        assert off.api("").get("/livez").status_code == 200
        for service in replicas:
            assert service.api("").get("/readyz").status_code == 200
        assert replicas[1].widget().redeem(invite["invite_token"]).status_code == 201


def test_a_password_in_the_address_is_refused(tmp_path):
    if not postgres.available():
        pytest.skip("the executable was built without PostgreSQL")
    for words in (["init", "--issuer", "http://localhost:1"], ["serve"]):
        done = harness.run_cli(
            *words, "--data-dir", tmp_path / "data", env={"TOKENSERVICE_STORE": "postgres://tokens:sesame@localhost/tokens"}
        )
        assert done.returncode == 2, done.err
        assert "password" in done.err and "sesame" not in done.err + done.out


def test_another_master_key_is_refused(cluster, deployment, tmp_path):
    root = harness.fresh_directory(tmp_path)
    shutil.copytree(deployment.data_dir, root / "copy")
    (root / "copy" / "master.key").unlink()
    fresh = harness.Deployment(root / "fresh")
    shutil.copy(fresh.data_dir / "master.key", root / "copy" / "master.key")
    done = harness.run_cli(
        "serve", "--data-dir", root / "copy", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
        env={"TOKENSERVICE_STORE": cluster.address},
    )  # fmt: skip
    assert done.returncode != 0 and "master key" in done.err
