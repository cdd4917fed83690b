"""A deployment whose signing key is Ed25519 (`init --algorithm EdDSA`): every door, under foreign verifiers."""

import warnings

import joserfc.jwk
import joserfc.jwt
import jwt
import pytest

import formats
import harness
import test_examples
from harness import assert_error

CAMPAIGN = test_examples.CAMPAIGN


@pytest.fixture(scope="module")
def edwards(tmp_path_factory):
    root = harness.fresh_directory(tmp_path_factory.mktemp("eddsa"))
    with harness.Service(harness.Deployment(root, algorithm="EdDSA")) as running:
        yield running


@pytest.fixture()
def pair(edwards):
    invite = edwards.api().mint(CAMPAIGN)
    return invite, edwards.widget().open(invite["invite_token"])


def key_set(service):
    answer = service.widget().call("GET", "/.well-known/jwks.json")
    assert answer.status_code == 200
    return answer.json()


def test_the_key_set_holds_one_ed25519_key(edwards):
    (key,) = key_set(edwards)["keys"]
    assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("OKP", "Ed25519", "EdDSA", "sig")
    assert "d" not in key and len(formats.unb64u(key["x"])) == 32
    assert joserfc.jwk.import_key(key).thumbprint()


def test_foreign_verifiers_accept_both_kinds_of_token(edwards, pair):
    invite, session = pair
    workspace, (key,) = edwards.deployment.workspace_id, key_set(edwards)["keys"]
    for token, kind in ((invite["invite_token"], "invite"), (session["participant_token"], "participant")):
        header, _, signature = formats.parts(token)
        assert header == {"alg": "EdDSA", "kid": key["kid"], "typ": f"{kind}+jwt"} and len(signature) == 64
        by_pyjwt = jwt.decode(
            token, jwt.PyJWK(key).key, algorithms=["EdDSA"], issuer=edwards.deployment.issuer, audience=f"{workspace}/{kind}"
        )
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="EdDSA is deprecated")
            by_joserfc = joserfc.jwt.decode(token, joserfc.jwk.import_key(key), algorithms=["EdDSA"])
        assert by_pyjwt == by_joserfc.claims and by_pyjwt["campaign_id"] == CAMPAIGN


def test_the_whole_life_of_an_invite(edwards, pair):
    api, widget = edwards.api(), edwards.widget()
    invite, session = pair
    token = session["participant_token"]
    assert_error(widget.redeem(invite["invite_token"]), 409, "invite_used")
    assert widget.validate(token).json()["subject"] == session["subject"]
    assert api.code_of(token) == "valid" and api.introspect(token)["active"] is True
    renewed = widget.renew(token)
    assert renewed.status_code == 200 and renewed.json()["participant_token"] != token
    where = {
        "workspace_id": edwards.deployment.workspace_id, "environment": "test", "campaign_id": CAMPAIGN,
    }  # fmt: skip
    assert widget.forward_auth(token, **where).status_code == 204
    assert api.delete(f"/v1/invites/{invite['id']}").status_code == 204
    for each in (token, renewed.json()["participant_token"]):
        assert_error(widget.validate(each), 410, "token_revoked")
        assert widget.forward_auth(each, **where).status_code == 401


def test_forgeries_are_refused(edwards, service, pair):
    api, widget = edwards.api(), edwards.widget()
    token = pair[1]["participant_token"]
    header, claims, signature = formats.parts(token)
    order = 2**252 + 27742317777372353535851937790883648493
    s = int.from_bytes(signature[32:], "little")
    forged = {
        "other claims": formats.joined(header, {**claims, "campaign_id": "camp_other"}, signature),
        "a flipped bit": formats.joined(header, claims, bytes([signature[0] ^ 1]) + signature[1:]),
        "the second half plus the group's order (RFC 8032, 5.1.7)": formats.joined(
            header, claims, signature[:32] + (s + order).to_bytes(32, "little")
        ),
        "no signature": formats.joined(header, claims, b""),
        "alg none": formats.joined({**header, "alg": "none"}, claims, b""),
        "alg of another key": formats.joined({**header, "alg": "ES256"}, claims, signature),
        "alg by its new name": formats.joined({**header, "alg": "Ed25519"}, claims, signature),
        "a deployment with ES256": service.widget().open(service.api().mint(CAMPAIGN)["invite_token"])["participant_token"],
    }
    for name, text in forged.items():
        assert_error(widget.validate(text), 401, "invalid_token", note=name)
        assert api.code_of(text) == "invalid_token", name
    assert widget.validate(token).status_code == 200


def test_a_restart_keeps_the_key(tmp_path):
    deployment = harness.Deployment(harness.fresh_directory(tmp_path), algorithm="EdDSA")
    with harness.Service(deployment) as running:
        token = running.widget().open(running.api().mint()["invite_token"])["participant_token"]
        before = key_set(running)
    with harness.Service(deployment) as running:
        assert key_set(running) == before and running.widget().validate(token).status_code == 200


@pytest.mark.parametrize("example", (*test_examples.ONLINE, *test_examples.OFFLINE))
def test_the_examples_take_it_as_they_stand(edwards, pair, example):
    invite, session = pair
    token = session["participant_token"]
    test_examples.assert_accepted(test_examples.run(example, edwards, token), session)
    header, claims, signature = formats.parts(token)
    for text in (
        formats.joined(header, {**claims, "exp": claims["exp"] + 60}, signature),
        formats.joined({**header, "alg": "ES256"}, claims, signature),
        invite["invite_token"],
    ):
        test_examples.assert_refused(test_examples.run(example, edwards, text))


def test_an_unknown_algorithm_is_not_set_up(tmp_path):
    for name in ("RS256", "none", "eddsa", "HS256"):
        root = harness.fresh_directory(tmp_path)
        done = harness.run_cli("init", "--data-dir", root, "--issuer", harness.ISSUER, "--algorithm", name)
        assert done.returncode == 2 and "algorithm" in done.err, name
        assert not root.exists() or not list(root.iterdir())
