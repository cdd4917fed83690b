"""One of three replicas loses its network to the data base, and gets it back: nothing is lost, and nothing revoked lives."""

import time

import harness
import networks
import postgres
import pytest
from harness import assert_error, campaign, email

# A replica that has not heard of the data base for so long takes no token, in seconds; and what a look takes on top.
VIEW_SECONDS = 5.0
SLACK_SECONDS = 0.5


@pytest.fixture(scope="module")
def network():
    if not postgres.available():
        pytest.skip("the executable was built without PostgreSQL, or it is not installed")
    with networks.Network() as made:
        yield made


@pytest.fixture(scope="module")
def cluster(network):
    with postgres.OpenCluster(network.database, network.network) as running:
        yield running


@pytest.fixture(scope="module")
def deployment(cluster, tmp_path_factory):
    root = harness.fresh_directory(tmp_path_factory.mktemp("cut"))
    return harness.Deployment(root, env={"TOKENSERVICE_STORE": cluster.address})


@pytest.fixture()
def replicas(network, cluster, deployment):
    """Two at the data base's side, and one whose network can be cut."""
    running = [harness.Service(deployment, env={"TOKENSERVICE_STORE": cluster.address}).start() for _ in range(2)]
    env = {"TOKENSERVICE_STORE": cluster.tcp_address}
    far = harness.Service(deployment, env=env, listen=f"{network.address}:0", within=network.within)
    try:
        running.append(far.start())
        yield running
    finally:
        for service in running:
            if service.process.poll() is None:
                service.kill()


def metric(service, name):
    text = service.api("").call("GET", "/metrics", base=service.admin_url).text
    return float(next(line.split()[-1] for line in text.splitlines() if line.startswith(name + " ")))


def is_ready(service):
    return service.api("").get("/readyz").status_code == 200


@pytest.mark.parametrize("way", ["the link goes down", "packets vanish"])
def test_a_replica_that_is_cut_off_takes_nothing_until_it_knows_again(network, replicas, deployment, cluster, way):
    near, other, far = replicas
    sessions = [near.widget().open(near.api().mint()["invite_token"]) for _ in range(2)]
    revoked, alive = (session["participant_token"] for session in sessions)
    invite = near.api().mint()
    for service in replicas:
        assert service.widget().validate(revoked).status_code == 200
        assert service.api().mint()["id"]
    process = far.process.pid

    network.cut(way)
    try:
        cut = time.monotonic()
        assert near.api().post("/v1/revocations", {"session_id": sessions[0]["session_id"]}).status_code == 201
        harness.wait_until("it at the other one", lambda: other.widget().validate(revoked).status_code == 410, 1.0)
        last = stops_validating(far, (revoked, alive), cut)
        # While it lasts: this one does nothing, and says so.
        answer = far.api().post("/v1/invites", {"campaign_id": campaign("cut"), "participant_email": email()})
        assert_error(answer, 503, "unavailable")
        assert int(answer.headers["Retry-After"]) > 0
        answer = far.widget().redeem(invite["invite_token"])
        assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
        assert not is_ready(far) and far.api("").get("/livez").status_code == 200
        assert metric(far, "tokenservice_replica_cut_off") == 1
        # The others work as if nothing were.
        for service in (near, other):
            assert is_ready(service) and service.widget().validate(alive).status_code == 200
            assert service.api().mint()["id"]
        assert near.widget().redeem(invite["invite_token"]).status_code == 201
        for token in (revoked, alive):
            assert far.widget().validate(token).status_code == 503
    finally:
        healed = time.monotonic()
        network.heal(way)
    comes_back(far, revoked)
    back = time.monotonic() - healed
    harness.wait_until("ready", lambda: is_ready(far), 20.0)
    assert far.process.pid == process and far.process.poll() is None
    assert metric(far, "tokenservice_replica_cut_off") == 0
    assert far.widget().validate(alive).status_code == 200
    assert far.widget().redeem(invite["invite_token"]).status_code == 409
    minted = far.api().mint()
    assert other.widget().redeem(minted["invite_token"]).status_code == 201
    done = harness.run_cli("audit", "verify", "--data-dir", deployment.data_dir, env={"TOKENSERVICE_STORE": cluster.address})
    assert done.returncode == 0, (done.out, done.err)
    print(f"{way}: the last token was taken {last:.2f} s after the cut, the first decision came {back:.2f} s after it healed")


def stops_validating(service, tokens, cut):
    """When the last token was taken, in seconds after the cut; it must be before the view's bound."""
    last, refused_since = 0.0, None
    widget = service.widget()
    while refused_since is None or time.monotonic() - refused_since < 1.5:
        for token in tokens:
            asked = time.monotonic()
            answer = widget.validate(token)
            if answer.status_code == 200:
                last, refused_since = asked - cut, None
            else:
                assert_error(answer, 503, "unavailable")
                assert int(answer.headers["Retry-After"]) > 0
                refused_since = refused_since or asked
        assert time.monotonic() - cut < VIEW_SECONDS + SLACK_SECONDS + 2, "it goes on taking tokens"
    assert last <= VIEW_SECONDS, last
    return last


def comes_back(service, revoked):
    """From the cut's end on the revoked token is 503, then 410, and at no moment anything else."""
    widget = service.widget()
    end = time.monotonic() + 20
    while True:
        status = widget.validate(revoked).status_code
        if status == 410:
            return
        assert status == 503, status
        assert time.monotonic() < end, "it does not come back"
