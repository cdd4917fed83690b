"""The examples of docs/examples, as they lie there, against the real service: who validates what, and what nobody offline sees."""

import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

import formats
import harness

FOLDER = harness.TOP / "docs" / "examples"
ONLINE = ("verify.sh", "verify.py", "verify.mjs", "introspect.sh", "introspect.py")
OFFLINE = ("jwks.py", "jwks.mjs")
CAMPAIGN = "camp_of_an_example"


def test_every_example_is_run_here():
    assert {path.name for path in FOLDER.iterdir()} == {*ONLINE, *OFFLINE}


def interpreter(name):
    if name.endswith(".py"):
        return sys.executable
    found = shutil.which("node" if name.endswith(".mjs") else "bash")
    assert found, f"{name} needs an interpreter: scripts/install-deps test installs it"
    return found


def run(name, service, token, key=None, **changes):
    """One example with the token on standard input; its exit code, and what it printed."""
    deployment = service.deployment
    env = {
        "PATH": os.environ["PATH"], "HOME": tempfile.gettempdir(), "NO_PROXY": "*", "PYTHONDONTWRITEBYTECODE": "1",
        "TOKENSERVICE_URL": service.url, "TOKENSERVICE_API_KEY": key or deployment.secret, "ISSUER": deployment.issuer,
        "WORKSPACE_ID": deployment.workspace_id, "ENVIRONMENT": "test", "CAMPAIGN_ID": CAMPAIGN, **changes,
    }  # fmt: skip
    done = subprocess.run(
        [interpreter(name), FOLDER / name], input=token + "\n", capture_output=True, text=True, timeout=30, env=env
    )
    assert done.returncode in (0, 1), (done.returncode, done.stderr)
    assert "Traceback" not in done.stderr and "    at " not in done.stderr, done.stderr
    assert token not in done.stderr
    return done


def assert_accepted(done, session):
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["campaign_id"] == session["campaign_id"]
    assert session["subject"] in (seen.get("subject"), seen.get("sub"))
    return seen


def assert_refused(done):
    assert done.returncode == 1 and done.stdout == "" and done.stderr.strip(), (done.stdout, done.stderr)
    return done.stderr


@pytest.fixture(params=(*ONLINE, *OFFLINE))
def example(request):
    return request.param


def open_session(service, camp=CAMPAIGN):
    invite = service.api().mint(camp)
    return invite, service.widget().open(invite["invite_token"])


def test_a_good_token_is_accepted(service, example):
    _, session = open_session(service)
    assert_accepted(run(example, service, session["participant_token"]), session)


def test_an_invite_is_no_participant_token(service, example):
    fresh = service.api().mint(CAMPAIGN)["invite_token"]
    used, _ = open_session(service)
    assert_refused(run(example, service, fresh))
    assert_refused(run(example, service, used["invite_token"]))


def test_a_token_for_another_campaign_is_refused(service, example):
    _, session = open_session(service, harness.campaign())
    assert_refused(run(example, service, session["participant_token"]))


def test_a_tampered_token_is_refused(service, example):
    token = open_session(service)[1]["participant_token"]
    header, claims, signature = formats.parts(token)
    wrong = [
        formats.joined(header, {**claims, "campaign_id": "camp_other"}, signature),
        formats.joined(header, {**claims, "exp": claims["exp"] + 3600}, signature),
        formats.joined({**header, "kid": "another"}, claims, signature),
        formats.joined({**header, "alg": "none"}, claims, b""),
        formats.joined({**header, "alg": "HS256"}, claims, signature),
        formats.joined({**header, "typ": "JWT"}, claims, signature),
        formats.joined(header, claims, bytes([signature[0] ^ 1]) + signature[1:]),
        formats.joined(header, claims, signature[:-1]),
        token + "A", token.rsplit(".", 1)[0], "nonsense", "a.b.c", "..",
    ]  # fmt: skip
    for text in wrong:
        assert_refused(run(example, service, text))


def test_node_takes_one_spelling_of_a_token_alone(service):
    """Its decoder skips what is not base64url, and spare bits at the end."""
    token = open_session(service)[1]["participant_token"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spare = token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]
    for text in (token + "!", token + "=", spare):
        assert_refused(run("jwks.mjs", service, text))


@pytest.fixture(scope="module")
def expired_token(service):
    """Its campaign makes sessions of three seconds."""
    token = open_session(service, "camp_test_last")[1]["participant_token"]
    harness.wait_until("the token expires", lambda: service.widget().validate(token).status_code == 410, 20)
    return token


def test_an_expired_token_is_refused(service, expired_token, example):
    error = assert_refused(run(example, service, expired_token, CAMPAIGN_ID="camp_test_last"))
    if "introspect" not in example:
        assert "expired" in error.lower()


def test_another_deployments_token_is_refused(service, stranger, example):
    _, session = open_session(stranger)
    assert_refused(run(example, service, session["participant_token"]))


@pytest.fixture(scope="module")
def two_workspaces(tmp_path_factory):
    """A running deployment with a second workspace, and a key of that one."""
    deployment = harness.Deployment(harness.fresh_directory(tmp_path_factory.mktemp("two")))
    where = ("--data-dir", deployment.data_dir, "--json")
    made = harness.run_cli("workspace", "create", *where, "--name", "Other", "--slug", "other", "--plan", "enterprise")
    assert made.returncode == 0, made.err
    scopes = [word for scope in ("invites:write", "tokens:read") for word in ("--scope", scope)]
    key = harness.run_cli("key", "create", *where, "--name", "other", "--workspace", "other", "--environment", "test", *scopes)
    assert key.returncode == 0, key.err
    with harness.Service(deployment) as running:
        yield running, json.loads(made.out)["id"], json.loads(key.out)["secret"]


def test_another_workspaces_token_is_refused(two_workspaces, example):
    """Same issuer, same signing key: the audience tells them apart."""
    service, other_id, other_key = two_workspaces
    invite = service.api(other_key).mint(CAMPAIGN)
    session = service.widget().open(invite["invite_token"])
    token = session["participant_token"]
    assert formats.claims_of(token)["aud"] == f"{other_id}/participant"
    assert_refused(run(example, service, token))
    assert_accepted(run(example, service, token, key=other_key, WORKSPACE_ID=other_id), session)


@pytest.mark.parametrize("example", ("introspect.sh", "introspect.py", *OFFLINE))
def test_the_caller_says_what_it_expects(service, example):
    _, session = open_session(service)
    token = session["participant_token"]
    assert_refused(run(example, service, token, ENVIRONMENT="live"))
    assert_refused(run(example, service, token, WORKSPACE_ID=formats.unknown_id("ws")))
    if example in OFFLINE:
        assert_refused(run(example, service, token, ISSUER="https://elsewhere.example"))


@pytest.mark.parametrize("example", ONLINE)
def test_asking_the_service_sees_revocations_and_needs_a_good_key(service, example):
    invite, session = open_session(service)
    token = session["participant_token"]
    assert_refused(run(example, service, token, key="ts_test_" + "0" * 43))
    assert_refused(run(example, service, token, key=service.api().make_key(["invites:read"])["secret"]))
    least = service.api().make_key(["tokens:read"])["secret"]
    assert_accepted(run(example, service, token, key=least), session)
    service.api().delete(f"/v1/invites/{invite['id']}")
    assert_refused(run(example, service, token))
    assert_refused(run(example, service, token, TOKENSERVICE_URL="http://127.0.0.1:1"))


@pytest.mark.parametrize("example", OFFLINE)
def test_public_keys_alone_do_not_see_revocations(service, example):
    """What the page says that they can not do: the token is accepted until it expires."""
    invite, session = open_session(service)
    service.api().delete(f"/v1/invites/{invite['id']}")
    assert service.widget().validate(session["participant_token"]).status_code == 410
    assert_accepted(run(example, service, session["participant_token"]), session)
    assert_refused(run(example, service, session["participant_token"], TOKENSERVICE_URL="http://127.0.0.1:1"))


class Keys:
    """A key set of our own with a private key, to sign what the service never would."""

    def __init__(self, issuer):
        self.issuer, self.private, self.asked = issuer, ec.generate_private_key(ec.SECP256R1()), 0
        public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self.private.public_key()))
        document = json.dumps({"keys": [{**public, "kid": "k1", "alg": "ES256", "use": "sig"}]}).encode()
        keys = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                keys.asked += 1
                self.send_response(200)
                self.send_header("Content-Length", str(len(document)))
                self.end_headers()
                self.wfile.write(document)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def sign(self, header=None, **changes):
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": "ws_x/participant", "sub": "sub_x", "jti": "ptk_x", "sid": "ses_x", "env": "test",
            "campaign_id": CAMPAIGN, "iat": now, "nbf": now, "exp": now + 60, **changes,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(
            claims, self.private, "ES256", headers={"typ": "participant+jwt", "kid": "k1", **(header or {})}
        )


@pytest.mark.parametrize("example", OFFLINE)
def test_offline_examples_check_every_claim_even_where_the_signature_is_good(service, example):
    keys = Keys(service.deployment.issuer)
    now = int(time.time())
    try:

        def outcome(*arguments, **changes):
            return run(
                example, service, keys.sign(*arguments, **changes), TOKENSERVICE_URL=keys.url, WORKSPACE_ID="ws_x"
            )

        assert outcome().returncode == 0
        assert outcome(nbf=now + 20, iat=now + 20).returncode == 0, "clocks may differ a little"
        for changes in (
            {"iss": "https://elsewhere.example"}, {"iss": None}, {"aud": "ws_x/invite"}, {"aud": None}, {"exp": now - 1},
            {"exp": None}, {"nbf": now + 120}, {"nbf": None}, {"iat": now + 120}, {"iat": None}, {"env": "live"}, {"env": None},
            {"campaign_id": "camp_other"}, {"campaign_id": None}, {"cnf": {"jkt": "x"}},
        ):  # fmt: skip
            assert_refused(outcome(**changes))
        for header in ({"typ": "invite+jwt"}, {"typ": "JWT"}, {"kid": "k2"}):
            assert_refused(outcome(header))
    finally:
        keys.close()


def test_an_unknown_key_is_looked_up_once_a_minute(service):
    """Tokens with made-up key ids must not become requests to the service."""
    keys = Keys(service.deployment.issuer)
    script = {
        "py": f"""
import sys; sys.path.insert(0, {str(FOLDER)!r})
import jwks, jwt
keys = jwks.KeySet({keys.url!r})
keys.key("k1")
for number in range(20):
    try: keys.key(f"made-up-{{number}}")
    except jwt.InvalidTokenError: pass
    else: raise SystemExit(1)
keys.key("k1")
""",
        "mjs": f"""
import {{ KeySet }} from {json.dumps((FOLDER / 'jwks.mjs').as_uri())};
const keys = new KeySet({json.dumps(keys.url)});
await keys.key('k1');
for (let number = 0; number < 20; number += 1) {{
  if (await keys.key(`made-up-${{number}}`).catch(() => undefined)) process.exit(1);
}}
await keys.key('k1');
""",
    }
    try:
        for kind, text in script.items():
            before = keys.asked
            words = [sys.executable, "-B", "-"] if kind == "py" else [shutil.which("node"), "--input-type=module", "-"]
            done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=30)
            assert done.returncode == 0, done.stderr
            assert keys.asked == before + 1, kind
    finally:
        keys.close()
