"""The operator rotates the signing keys, on one machine and under three replicas, and no validation fails for it."""

import base64
import json
import threading
import time

import harness
import postgres
import pytest
from harness import campaign, email


def command(deployment, *words, env=None):
    return harness.run_cli("signing-key", *words, "--data-dir", deployment.data_dir, env=env)


def made(deployment, *words, env=None):
    done = command(deployment, *words, "--json", env=env)
    assert done.returncode == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def published(service):
    answer = service.api("").get("/.well-known/jwks.json")
    assert answer.status_code == 200
    return [key["kid"] for key in answer.json()["keys"]]


def signer(token):
    head = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"]


def test_a_rotation_on_one_machine(tmp_path, shim):
    deployment = harness.Deployment(harness.fresh_directory(tmp_path))
    (old,) = made(deployment, "list")
    assert old["state"] == "in_use" and old["signs_from"] is None and old["kept_until"] is None
    with harness.Service(deployment) as service:
        assert published(service) == [old["kid"]]
        session = service.widget().open(service.api().mint()["invite_token"])
        unused = service.api().mint()["invite_token"]
        # The service has the directory for itself.
        for words in (["list"], ["rotate"], ["revoke", old["id"]]):
            done = command(deployment, *words)
            assert done.returncode == 6 and "in use" in done.err, (done.returncode, done.err)

    (new,) = made(deployment, "rotate")
    assert new["state"] == "standby" and new["algorithm"] == old["algorithm"] and new["signs_from"] > new["since"]
    again = command(deployment, "rotate")
    assert again.returncode == 5 and new["id"] in again.err and new["signs_from"] in again.err
    early = command(deployment, "activate", new["id"])
    assert early.returncode == 5 and new["signs_from"] in early.err and "--now" in early.err, early.err
    assert command(deployment, "revoke", old["id"]).returncode == 5
    assert command(deployment, "activate", "sgk_00000000000000000000000000").returncode == 4
    for words in (["activate"], ["activate", "nothing"], ["rotate", "--algorithm", "RS256"], ["rotate", "now"]):
        assert command(deployment, *words).returncode == 2, words
    with harness.Service(deployment) as service:
        assert published(service) == [old["kid"], new["kid"]]
        assert signer(service.api().mint()["invite_token"]) == old["kid"]

    # Eleven minutes later the service does by itself what was put off.
    later = {"LD_PRELOAD": str(shim), "CLOCK_SHIFT_SECONDS": "660"}
    with harness.Service(deployment, env=later) as service:
        harness.wait_until("the new key", lambda: signer(service.api().mint()["invite_token"]) == new["kid"])
        assert published(service) == [old["kid"], new["kid"]]
        assert service.widget().validate(session["participant_token"]).status_code == 200
        answer = service.widget().redeem(unused)
        assert answer.status_code == 201 and signer(answer.json()["participant_token"]) == new["kid"]
    done = harness.run_cli("signing-key", "list", "--data-dir", deployment.data_dir, "--json", env=later)
    states = {key["id"]: key for key in map(json.loads, done.out.splitlines())}
    assert [states[key["id"]]["state"] for key in (old, new)] == ["previously_used", "in_use"]
    assert states[old["id"]]["kept_until"] > states[old["id"]]["since"]

    # It leaked: what it signed is worth nothing from here on.
    done = harness.run_cli("signing-key", "revoke", old["id"], "--data-dir", deployment.data_dir, env=later)
    assert done.returncode == 0, done.err
    with harness.Service(deployment, env=later) as service:
        assert published(service) == [new["kid"]]
        assert service.widget().validate(session["participant_token"]).status_code == 401
    done = harness.run_cli("audit", "verify", "--data-dir", deployment.data_dir)
    assert done.returncode == 0, done.err


def test_a_leaked_key_is_replaced_at_once(tmp_path):
    deployment = harness.Deployment(harness.fresh_directory(tmp_path), algorithm="EdDSA")
    (old,) = made(deployment, "list")
    (new,) = made(deployment, "rotate", "--algorithm", "ES256")
    (active,) = made(deployment, "activate", new["id"], "--now")
    assert active["state"] == "in_use" and active["algorithm"] == "ES256"
    made(deployment, "revoke", old["id"])
    with harness.Service(deployment) as service:
        assert published(service) == [new["kid"]]
        session = service.widget().open(service.api().mint()["invite_token"])
        assert service.widget().validate(session["participant_token"]).status_code == 200


def test_the_service_rotates_by_itself_where_it_is_told_to(tmp_path, shim):
    deployment = harness.Deployment(harness.fresh_directory(tmp_path))
    for days in ("6", "3651", "never", ""):
        done = harness.run_cli("serve", "--data-dir", deployment.data_dir, "--signing-key-days", days)
        assert done.returncode == 2 and "--signing-key-days" in done.err, (days, done.err)
    with harness.Service(deployment, "--signing-key-days", "7") as service:
        (first,) = published(service)
    for options, count in ((["--signing-key-days", "8"], 1), ([], 1), (["--signing-key-days", "7"], 2)):
        later = {"LD_PRELOAD": str(shim), "CLOCK_SHIFT_SECONDS": str(7 * 86_400)}
        with harness.Service(deployment, *options, env=later) as service:
            if count == 2:
                harness.wait_until("a second key", lambda: len(published(service)) == 2)
            assert len(published(service)) == count and published(service)[0] == first
            assert signer(service.api().mint()["invite_token"]) == first
            session = service.widget().open(service.api().mint()["invite_token"])
            assert service.widget().validate(session["participant_token"]).status_code == 200


class Load:
    """Mints at one replica, exchanges at the next, and validates at all of them old and new; every failure is kept."""

    def __init__(self, replicas):
        self.replicas, self.faults, self.signers, self.validated = replicas, [], [], 0
        self.is_over, self.lock = threading.Event(), threading.Lock()
        self.threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(3)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        for thread in self.threads:
            thread.join(timeout=20)

    def _run(self, number):
        apis = [service.api() for service in self.replicas]
        widgets = [service.widget() for service in self.replicas]
        tokens, turn = [], number
        while not self.is_over.is_set():
            turn += 1
            body = {"campaign_id": campaign("load"), "participant_email": email()}
            minted = apis[turn % 3].post("/v1/invites", body)
            if minted.status_code != 201:
                self._fault("mint", minted)
                continue
            opened = widgets[(turn + 1) % 3].redeem(minted.json()["invite_token"])
            if opened.status_code != 201:
                self._fault("redeem", opened)
                continue
            tokens.append(opened.json()["participant_token"])
            self.signers.append(signer(tokens[-1]))
            for token in (tokens[0], tokens[-1]):
                for widget in widgets:
                    answer = widget.validate(token)
                    if answer.status_code != 200:
                        self._fault("validate", answer)
            with self.lock:
                self.validated += 6

    def _fault(self, what, answer):
        self.faults.append((what, answer.status_code, answer.text))


def test_a_rotation_under_load_over_three_replicas(tmp_path):
    if not postgres.available():
        pytest.skip("the executable was built without PostgreSQL, or it is not installed")
    with postgres.Cluster() as cluster:
        env = {"TOKENSERVICE_STORE": cluster.address}
        with postgres.replicas(tmp_path, env) as (deployment, running):
            rotate_under_load(deployment, running, env)


def rotate_under_load(deployment, replicas, env):
    (old,) = made(deployment, "list", env=env)
    with Load(replicas) as load:
        harness.wait_until("some load", lambda: load.validated >= 60, 30.0)
        (new,) = made(deployment, "rotate", env=env)
        begun = time.monotonic()
        for service in replicas:
            harness.wait_until("both keys", lambda: set(published(service)) == {old["kid"], new["kid"]}, 5.0)
        spread = time.monotonic() - begun
        assert old["kid"] in load.signers and new["kid"] not in load.signers
        assert command(deployment, "activate", new["id"], env=env).returncode == 5
        # Who keeps the key set outside was asked above: everybody knows the new one.
        made(deployment, "activate", new["id"], "--now", env=env)
        for number, service in enumerate(replicas):
            harness.wait_until(
                f"the new key at replica {number}",
                lambda: signer(service.api().mint()["invite_token"]) == new["kid"],
                5.0,
            )
        before = load.validated
        harness.wait_until("more load", lambda: load.validated >= before + 60, 30.0)
    assert not load.faults, load.faults[:3]
    assert load.signers[-1] == new["kid"]
    print(f"{load.validated} validations across a rotation, none failed; all replicas had the key after {spread:.3f} s")
    # And a key that leaked is refused by all of them.
    token = replicas[0].widget().open(replicas[0].api().mint()["invite_token"])["participant_token"]
    made(deployment, "activate", old["id"], env=env)
    for service in replicas:
        harness.wait_until("the old key", lambda: signer(service.api().mint()["invite_token"]) == old["kid"], 5.0)
    made(deployment, "revoke", new["id"], env=env)
    for service in replicas:
        harness.wait_until("401", lambda: service.widget().validate(token).status_code == 401, 5.0)
        assert published(service) == [old["kid"]]
