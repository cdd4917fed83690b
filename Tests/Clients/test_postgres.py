"""How the service reaches PostgreSQL: TLS, passwords from files, and a standby that takes over."""

import json
import threading

import harness
import postgres
import pytest
from harness import campaign, email


@pytest.fixture(autouse=True, scope="module")
def has_postgres():
    if not postgres.available():
        pytest.skip("the executable was built without PostgreSQL, or it is not installed")


@pytest.fixture(scope="module")
def secure():
    with postgres.SecureCluster() as running:
        yield running


@pytest.fixture()
def passfile(secure, tmp_path):
    """A password file as libpq wants it."""
    path = tmp_path / "pgpass"
    path.write_text(f"localhost:{secure.port}:tokens:tokens:{secure.password}\n")
    path.chmod(0o600)
    return path


def address(cluster, authority=None, host="localhost"):
    root = authority or cluster.authority
    return f"postgres://tokens@{host}:{cluster.port}/tokens?sslmode=verify-full&sslrootcert={root}"


def test_tls_and_a_password_from_a_file(secure, passfile, tmp_path):
    env = {"TOKENSERVICE_STORE": address(secure), "PGPASSFILE": str(passfile)}
    made = harness.Deployment(harness.fresh_directory(tmp_path), env=env)
    with harness.Service(made, env=env) as running:
        invite = running.api().mint()
        assert running.widget().redeem(invite["invite_token"]).status_code == 201
        seen = secure.sql(
            "SELECT count(*) > 0, bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'tokens'"
        )
        assert seen == "t|t"
    # The same by a service file, which names everything.
    services = tmp_path / "services.conf"
    services.write_text(
        f"[tokens]\nhost=localhost\nport={secure.port}\ndbname=tokens\nuser=tokens\nsslmode=verify-full\n"
        f"sslrootcert={secure.authority}\npassfile={passfile}\n"
    )
    env = {"TOKENSERVICE_STORE": "postgres:///?service=tokens", "PGSERVICEFILE": str(services)}
    with harness.Service(made, env=env) as running:
        assert running.widget().redeem(invite["invite_token"]).status_code == 409
        assert secure.password not in running.output()


@pytest.mark.parametrize("fault", ["another authority", "another name", "no tls", "wrong password", "open file"])
def test_what_is_not_proven_is_not_talked_to(secure, passfile, tmp_path, fault):
    where = address(secure)
    if fault == "another authority":
        postgres.make_authority(tmp_path / "other")
        where = address(secure, authority=tmp_path / "other.pem")
    elif fault == "another name":
        where = address(secure, host="127.0.0.1")
        passfile.write_text(passfile.read_text().replace("localhost", "127.0.0.1"))
    elif fault == "no tls":
        where = f"postgres://tokens@localhost:{secure.port}/tokens?sslmode=disable"
    elif fault == "wrong password":
        passfile.write_text(passfile.read_text().replace(secure.password, "sesame"))
    else:
        passfile.chmod(0o644)
    done = harness.run_cli(
        "init", "--data-dir", tmp_path / "data", "--issuer", "http://localhost:8080",
        env={"TOKENSERVICE_STORE": where, "PGPASSFILE": str(passfile)},
    )  # fmt: skip
    assert done.returncode != 0 and done.err.strip()
    for text in (done.out, done.err):
        assert secure.password not in text and "sesame" not in text
    expected = {
        "another authority": "certificate", "another name": "certificate", "no tls": "no encryption",
        "wrong password": "password authentication failed", "open file": "password",
    }  # fmt: skip
    assert expected[fault] in done.err, done.err


def test_a_promoted_standby_has_everything_that_was_acknowledged(tmp_path):
    """The primary is killed under load, the synchronous standby promoted; replicas find it by themselves."""
    with postgres.Cluster() as first, postgres.Standby(first) as second:
        store = f"postgresql:///postgres?host={first.directory},{second.directory}&user=postgres"
        env = {"TOKENSERVICE_STORE": store + "&target_session_attrs=read-write"}
        with postgres.replicas(tmp_path, env) as (_, running):
            lose_the_primary(first, second, running)


def lose_the_primary(first, second, replicas):
    is_over, faults, minted = threading.Event(), [], []

    def client(service):
        api = service.api()
        while not is_over.is_set():
            answer = api.post("/v1/invites", {"campaign_id": campaign("lost"), "participant_email": email()})
            if answer.status_code == 201:
                minted.append(answer.json())
            elif answer.status_code != 503:
                faults.append(answer.text)

    revoked = replicas[0].widget().open(replicas[0].api().mint()["invite_token"])
    used = replicas[1].api().mint()
    assert replicas[2].widget().redeem(used["invite_token"]).status_code == 201
    clients = [threading.Thread(target=client, args=(service,), daemon=True) for service in replicas]
    for thread in clients:
        thread.start()
    harness.wait_until("some mints", lambda: len(minted) >= 30, 20.0)
    body = {"session_id": revoked["session_id"]}
    assert replicas[0].api().post("/v1/revocations", body).status_code == 201
    first.kill()
    second.promote()
    before = len(minted)
    harness.wait_until("mints at the new primary", lambda: len(minted) >= before + 30, 20.0)
    for service in replicas:
        harness.wait_until("ready", lambda: service.api("").get("/readyz").status_code == 200, 20.0)
    is_over.set()
    for thread in clients:
        thread.join(timeout=20)
    assert not faults, faults[:3]
    api, widgets = replicas[0].api(), [service.widget() for service in replicas]
    for invite in minted:
        assert api.get(f"/v1/invites/{invite['id']}").status_code == 200, json.dumps(invite)
    for invite in minted[: before + 5 : 3]:
        assert widgets[0].redeem(invite["invite_token"]).status_code == 201
        assert widgets[1].redeem(invite["invite_token"]).status_code == 409
    assert widgets[1].redeem(used["invite_token"]).status_code == 409
    for widget in widgets:
        assert widget.validate(revoked["participant_token"]).status_code == 410
