"""The service behind a real PgBouncer: one that keeps a session for each connection is fine, any other is refused."""

import signal
import subprocess

import harness
import postgres
import pytest
from harness import assert_error, campaign, email


@pytest.fixture(autouse=True, scope="module")
def has_everything():
    if not postgres.available():
        pytest.skip("the executable was built without PostgreSQL, or it is not installed")
    if postgres.Bouncer.program() is None:
        pytest.skip("pgbouncer is not installed")


@pytest.fixture(scope="module")
def cluster():
    with postgres.Cluster() as running:
        yield running


@pytest.fixture(scope="module")
def deployment(cluster, tmp_path_factory):
    root = harness.fresh_directory(tmp_path_factory.mktemp("pooled"))
    return harness.Deployment(root, env={"TOKENSERVICE_STORE": cluster.address})


def mint(service):
    return service.api().post("/v1/invites", {"campaign_id": campaign("pool"), "participant_email": email()})


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_two_replicas_behind_a_pooler_of_sessions(cluster, deployment, how):
    with postgres.Bouncer(cluster, "session") as pooler:
        env = {"TOKENSERVICE_STORE": pooler.address}
        with harness.Service(deployment, env=env) as first, harness.Service(deployment, env=env) as second:
            session = first.widget().open(first.api().mint()["invite_token"])
            other = first.widget().open(first.api().mint()["invite_token"])
            token = session["participant_token"]
            assert second.widget().validate(token).status_code == 200
            assert first.api().post("/v1/revocations", {"session_id": session["session_id"]}).status_code == 201
            # By notification: what is listened to is a session's, too.
            harness.wait_until("a revocation", lambda: second.widget().validate(token).status_code == 410, 1.0)
            minted = [first.api().mint() for _ in range(5)]
            assert first.widget().redeem(minted[0]["invite_token"]).status_code == 201

            pooler.stop(how)
            answer = mint(first)
            assert_error(answer, 503, "unavailable")
            assert int(answer.headers["Retry-After"]) > 0
            for service in (first, second):
                harness.wait_until("not ready", lambda: service.api("").get("/readyz").status_code == 503)
            pooler.start()
            for service in (first, second):
                harness.wait_until("ready", lambda: service.api("").get("/readyz").status_code == 200, 20.0)
            # Nothing that was acknowledged is lost, and nothing done twice.
            for invite in minted[1:]:
                assert second.widget().redeem(invite["invite_token"]).status_code == 201
            for invite in minted:
                assert first.widget().redeem(invite["invite_token"]).status_code == 409
            for service in (first, second):
                assert service.widget().validate(token).status_code == 410
                assert service.widget().validate(other["participant_token"]).status_code == 200
                assert mint(service).status_code == 201
    done = harness.run_cli("audit", "verify", "--data-dir", deployment.data_dir, env={"TOKENSERVICE_STORE": cluster.address})
    assert done.returncode == 0, (done.out, done.err)


@pytest.mark.parametrize("mode", ["transaction", "statement"])
@pytest.mark.parametrize("idle", [1, 5])
def test_a_pooler_that_shares_sessions_is_refused(cluster, deployment, mode, idle):
    """Whatever sessions it has at hand: one, or several that others used before."""
    with postgres.Bouncer(cluster, mode) as pooler:
        connections = [open_session(pooler) for _ in range(idle)]
        for connection in connections:
            connection.communicate(b"COMMIT;\n" if mode == "transaction" else b"", timeout=10)
        done = harness.run_cli(
            "serve", "--data-dir", deployment.data_dir, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
            env={"TOKENSERVICE_STORE": pooler.address},
        )  # fmt: skip
        assert done.returncode == 6, (done.returncode, done.err)
        assert "pool_mode = session" in done.err, done.err
    # Nothing of it is left behind.
    with harness.Service(deployment, env={"TOKENSERVICE_STORE": cluster.address}) as service:
        assert mint(service).status_code == 201


def open_session(pooler):
    """A client that holds a session of the pooler's until it is told to go on."""
    client = subprocess.Popen(
        [str(postgres.programs() / "psql"), "-XAtq", pooler.address], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    client.stdin.write(b"BEGIN; SELECT 1;\n" if pooler.mode == "transaction" else b"SELECT 1;\n")
    client.stdin.flush()
    assert client.stdout.readline() == b"1\n"
    return client
