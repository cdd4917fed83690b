"""Real tokens under foreign verifiers (PyJWT, joserfc), their exact claims, and forgeries against every door."""

import hashlib
import hmac
import json

import joserfc.jwk
import joserfc.jwt
import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

import formats
from harness import CANARY_DOMAIN, assert_error, campaign, email

INVITE_CLAIMS = {"iss", "aud", "sub", "jti", "env", "campaign_id", "iat", "nbf", "exp", "rev"}
PARTICIPANT_CLAIMS = INVITE_CLAIMS | {"sid", "seal"}


@pytest.fixture()
def jwks(service):
    answer = service.widget().call("GET", "/.well-known/jwks.json")
    assert answer.status_code == 200
    return answer.json()


@pytest.fixture()
def pair(api, widget):
    """An invite token and a participant token of one person."""
    invite = api.mint(participant_email=email())
    return invite, widget.open(invite["invite_token"])


# -- the key set ---------------------------------------------------------------


def test_the_key_set_holds_public_keys_only(jwks):
    assert jwks["keys"]
    for key in jwks["keys"]:
        assert key["alg"] in ("ES256", "EdDSA") and key["use"] == "sig" and key["kid"]
        assert not {"d", "k", "p", "q"} & set(key)
        assert key["kty"] == {"ES256": "EC", "EdDSA": "OKP"}[key["alg"]]
        thumbprint = joserfc.jwk.import_key(key).thumbprint()
        assert key["kid"] == thumbprint


def test_the_key_set_is_cacheable(service):
    client = service.widget()
    first = client.call("GET", "/.well-known/jwks.json")
    assert "max-age" in first.headers["Cache-Control"]
    assert first.headers["Content-Type"].split(";")[0] in ("application/json", "application/jwk-set+json")
    tag = first.headers["ETag"]
    again = client.call("GET", "/.well-known/jwks.json", headers={"If-None-Match": tag})
    assert again.status_code == 304 and not again.content
    assert again.headers["ETag"] == tag
    for value in ('"other"', '"x", "y"'):
        other = client.call("GET", "/.well-known/jwks.json", headers={"If-None-Match": value})
        assert other.status_code == 200, value
    listed = client.call("GET", "/.well-known/jwks.json", headers={"If-None-Match": f'"x", {tag}'})
    assert listed.status_code == 304
    assert client.call("GET", "/.well-known/jwks.json", headers={"If-None-Match": "*"}).status_code == 304


# -- foreign verifiers -----------------------------------------------------------


def test_pyjwt_verifies_both_kinds(service, deployment, pair):
    invite, session = pair
    keys = jwt.PyJWKClient(f"{service.url}/.well-known/jwks.json")
    for token, kind in ((invite["invite_token"], "invite"), (session["participant_token"], "participant")):
        key = keys.get_signing_key_from_jwt(token)
        options = {"require": ["iss", "aud", "sub", "jti", "iat", "nbf", "exp"]}
        audience = f"{deployment.workspace_id}/{kind}"
        claims = jwt.decode(
            token, key.key, algorithms=["ES256"], audience=audience, issuer=deployment.issuer, options=options, leeway=2
        )
        assert claims["aud"] == audience
        with pytest.raises(jwt.InvalidAudienceError):
            jwt.decode(token, key.key, algorithms=["ES256"], audience="other", leeway=2)


def test_joserfc_verifies_both_kinds(deployment, jwks, pair):
    invite, session = pair
    keys = joserfc.jwk.KeySet.import_key_set(jwks)
    for text, kind in ((invite["invite_token"], "invite"), (session["participant_token"], "participant")):
        token = joserfc.jwt.decode(text, keys, algorithms=["ES256"])
        assert token.header["typ"] == f"{kind}+jwt"
        registry = joserfc.jwt.JWTClaimsRegistry(
            leeway=2,
            iss={"essential": True, "value": deployment.issuer},
            aud={"essential": True, "value": f"{deployment.workspace_id}/{kind}"},
        )
        registry.validate(token.claims)


def test_exact_headers_and_claims(deployment, jwks, pair):
    invite, session = pair
    header, claims, signature = formats.parts(invite["invite_token"])
    assert set(header) == {"alg", "kid", "typ"}
    assert (header["alg"], header["typ"]) == ("ES256", "invite+jwt")
    assert header["kid"] in [key["kid"] for key in jwks["keys"]]
    assert set(claims) == INVITE_CLAIMS
    assert claims["iss"] == deployment.issuer and claims["aud"] == f"{deployment.workspace_id}/invite"
    assert claims["jti"] == invite["id"] and claims["env"] == "test"
    assert claims["campaign_id"] == invite["campaign_id"]
    assert formats.SUBJECT.match(claims["sub"])
    assert_times(claims, invite["expires_at"], 86_400)
    assert_low_s(signature)

    header, other, signature = formats.parts(session["participant_token"])
    assert set(header) == {"alg", "kid", "typ"} and header["typ"] == "participant+jwt"
    assert set(other) == PARTICIPANT_CLAIMS
    assert other["aud"] == f"{deployment.workspace_id}/participant" and formats.is_id(other["jti"], "ptk")
    assert other["sid"] == session["session_id"] and other["sub"] == claims["sub"] == session["subject"]
    assert other["rev"] == claims["rev"] and isinstance(other["seal"], str)
    assert_times(other, session["expires_at"], 900)
    assert_low_s(signature)


def assert_times(claims, expires_at, seconds):
    assert all(type(claims[name]) is int for name in ("iat", "nbf", "exp", "rev"))
    assert claims["exp"] - claims["iat"] == seconds and claims["nbf"] <= claims["iat"]
    assert formats.instant(expires_at) == claims["exp"]


def assert_low_s(signature):
    assert len(signature) == 64
    assert 0 < int.from_bytes(signature[32:], "big") <= formats.P256_ORDER // 2


def test_every_signature_is_low_s_and_every_token_short(api):
    items = [{"campaign_id": "c" * 64, "participant_email": email()} for _ in range(64)]
    for result in api.post("/v1/invites/batch", {"invites": items}).json()["results"]:
        token = result["invite"]["invite_token"]
        assert len(token) < formats.TOKEN_LENGTH_MAX
        assert_low_s(formats.parts(token)[2])


def test_the_longest_token_is_short_enough(service, api):
    """Longest address, longest campaign, an origin: still under 2,048 characters."""
    domain = ".".join(["d" * 60] * 3) + ".example"
    address = "a" * (254 - 1 - len(domain)) + "@" + domain
    assert len(address) == 254
    invite = api.mint("c" * 64, address)
    session = service.widget("https://" + ".".join(["o" * 60] * 3) + ".example").open(invite["invite_token"])
    assert len(invite["invite_token"]) < formats.TOKEN_LENGTH_MAX
    assert len(session["participant_token"]) < formats.TOKEN_LENGTH_MAX


def test_tokens_hold_no_address_in_any_spelling(pair):
    invite, session = pair
    address = invite["participant_email"]
    digests = {
        digest(address.encode()).digest() for digest in (hashlib.sha256, hashlib.sha1, hashlib.md5, hashlib.sha512)
    }
    for token in (invite["invite_token"], session["participant_token"]):
        for segment in token.split("."):
            data = formats.unb64u(segment)
            assert address.encode() not in data and CANARY_DOMAIN.encode() not in data
        subject = formats.unb64u(formats.claims_of(token)["sub"].removeprefix("sub_"))
        assert not [digest for digest in digests if digest.startswith(subject)], "an unkeyed digest as pseudonym"


def test_seals_of_the_same_facts_differ(widget, pair):
    _, session = pair
    renewed = widget.renew(session["participant_token"]).json()["participant_token"]
    assert formats.claims_of(renewed)["seal"] != formats.claims_of(session["participant_token"])["seal"]


# -- forgeries --------------------------------------------------------------------


def own_key():
    """A P-256 key pair of the attacker's."""
    return ec.derive_private_key(0xC0FFEE, ec.SECP256R1())


def es256(key, header, claims):
    head = formats.joined(header, claims, b"").rsplit(".", 1)[0]
    r, s = decode_dss_signature(key.sign(head.encode(), ec.ECDSA(hashes.SHA256())))
    s = min(s, formats.P256_ORDER - s)
    return head + "." + formats.b64u(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def hs256(secret, header, claims):
    head = formats.joined(header, claims, b"").rsplit(".", 1)[0]
    return head + "." + formats.b64u(hmac.new(secret, head.encode(), "sha256").digest())


def public_pem(jwk):
    key = joserfc.jwk.import_key(jwk)
    return key.as_pem(private=False)


def forgeries(token, jwks):
    """Name and text of tokens that a thief could make of a good one."""
    header, claims, signature = formats.parts(token)
    head, body, tail = token.split(".")
    jwk = next(key for key in jwks["keys"] if key["kid"] == header["kid"])
    mine = own_key()
    my_jwk = json.loads(json.dumps(joserfc.jwk.ECKey.import_key(mine).as_dict(private=False)))
    n = formats.P256_ORDER.to_bytes(32, "big")
    later = {**claims, "exp": claims["exp"] + 3600}
    yield from (
        ("alg none", formats.joined({**header, "alg": "none"}, claims, b"")),
        ("alg None", formats.joined({**header, "alg": "None"}, claims, b"")),
        ("alg none, signature kept", formats.joined({**header, "alg": "none"}, claims, signature)),
        ("no signature", f"{head}.{body}."),
        ("two parts", f"{head}.{body}"),
        ("four parts", f"{token}.{tail}"),
        ("five parts", f"{head}..{body}.{tail}.x"),
        ("HS256 with the public key's PEM", hs256(public_pem(jwk), {**header, "alg": "HS256"}, claims)),
        ("HS256 with the public key's x", hs256(formats.unb64u(jwk["x"]), {**header, "alg": "HS256"}, claims)),
        ("HS256 with an empty secret", hs256(b"", {**header, "alg": "HS256"}, claims)),
        ("another key under our kid", es256(mine, header, claims)),
        ("another key in jwk", es256(mine, {**header, "jwk": my_jwk}, claims)),
        ("another key by jku", es256(mine, {**header, "jku": "http://127.0.0.1:1/jwks.json"}, claims)),
        ("another key by x5u", es256(mine, {**header, "x5u": "http://127.0.0.1:1/cert.pem"}, claims)),
        ("an unknown kid", es256(mine, {**header, "kid": "unknown"}, claims)),
        ("kid as a path", es256(mine, {**header, "kid": "../../../dev/null"}, claims)),
        ("kid as SQL", es256(mine, {**header, "kid": "' OR 1=1 --"}, claims)),
        ("kid of a wrong type", es256(mine, {**header, "kid": 7}, claims)),
        ("kid missing", es256(mine, {"alg": header["alg"], "typ": header["typ"]}, claims)),
        ("an unknown crit", formats.joined({**header, "crit": ["exp"]}, claims, signature)),
        ("b64 false", formats.joined({**header, "b64": False, "crit": ["b64"]}, claims, signature)),
        ("zip", formats.joined({**header, "zip": "DEF"}, claims, signature)),
        ("header re-spelled", formats.joined(json.dumps(header).encode(), claims, signature)),
        ("claims re-spelled", formats.joined(head, json.dumps(claims).encode(), signature)),
        ("a longer life", formats.joined(head, later, signature)),
        ("r = s = 0", f"{head}.{body}." + formats.b64u(b"\0" * 64)),
        ("r = 0", f"{head}.{body}." + formats.b64u(b"\0" * 32 + signature[32:])),
        ("s = n", f"{head}.{body}." + formats.b64u(signature[:32] + n)),
        ("r = n", f"{head}.{body}." + formats.b64u(n + signature[32:])),
        ("high s", f"{head}.{body}." + formats.b64u(formats.high_s(signature))),
        ("signature short by a byte", f"{head}.{body}." + formats.b64u(signature[:-1])),
        ("signature long by a byte", f"{head}.{body}." + formats.b64u(signature + b"\0")),
        ("first bit of r", f"{head}.{body}." + formats.b64u(bytes([signature[0] ^ 0x80]) + signature[1:])),
        ("last bit of s", f"{head}.{body}." + formats.b64u(signature[:-1] + bytes([signature[-1] ^ 1]))),
        ("padding", f"{token}=="),
        ("padded header", f"{head}=.{body}.{tail}"),
        ("standard alphabet", token.replace("-", "+").replace("_", "/") + "+"),
        ("a space in the middle", f"{head}. {body}.{tail}"),
        ("loose last bits", token[:-1] + loose(token[-1])),
        ("empty parts", ".."),
        ("only dots", "...."),
        ("a claims array", formats.joined(head, [claims], signature)),
        ("null claims", formats.joined(head, None, signature)),
        ("no JSON", formats.joined(head, b"\xff\xfe", signature)),
        ("a duplicate header member", formats.joined(duplicate(header), body, signature)),
        ("2,048 characters", head + "." + "A" * (2048 - len(head) - len(tail) - 2) + "." + tail),
        ("8,000 characters", head + "." + "A" * 7_000 + "." + tail),
    )


def loose(character):
    """The same value of a last character with other unused bits (64 bytes leave two)."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return alphabet[alphabet.index(character) ^ 1]


def duplicate(header):
    text = json.dumps(header, separators=(",", ":"))
    return (text[:-1] + ',"alg":"ES256"}').encode()


def test_forged_invites_open_nothing(api, widget, jwks):
    invite = api.mint()
    for name, forged in forgeries(invite["invite_token"], jwks):
        assert_error(widget.redeem(forged), 401, "invalid_token", note=name)
        assert api.code_of(forged) == "invalid_token", name
    assert api.get(f"/v1/invites/{invite['id']}").json()["uses"] == 0
    widget.open(invite["invite_token"])


def test_forged_participant_tokens_pass_nowhere(deployment, widget, pair, jwks):
    _, session = pair
    for name, forged in forgeries(session["participant_token"], jwks):
        # A header cannot hold every spelling; what arrives must be refused.
        if any(ord(character) < 33 for character in forged):
            continue
        for answer in (widget.validate(forged), widget.renew(forged), widget.end(forged)):
            assert_error(answer, 401, ["invalid_token", "unauthorized"], note=name)
        gate = widget.forward_auth(
            forged, workspace_id=deployment.workspace_id, environment="test", campaign_id=session["campaign_id"]
        )
        assert gate.status_code == 401, name
    assert widget.validate(session["participant_token"]).status_code == 200


def test_a_token_serves_one_purpose(api, widget, pair):
    invite, session = pair
    other = api.mint()
    for answer in (
        widget.validate(other["invite_token"]),
        widget.renew(other["invite_token"]),
        widget.end(other["invite_token"]),
        widget.redeem(session["participant_token"]),
    ):
        assert_error(answer, 401, "invalid_token")
    for text in (api.key, session["session_id"], invite["id"]):
        assert_error(widget.validate(text), 401)
        assert_error(widget.redeem(text), 401, "invalid_token")


def test_another_deployments_token_is_unknown(api, widget, stranger):
    foreign = stranger.api().mint()
    assert_error(widget.redeem(foreign["invite_token"]), 401, "invalid_token")
    session = stranger.widget().open(foreign["invite_token"])
    assert_error(widget.validate(session["participant_token"]), 401, "invalid_token")
    assert_error(widget.renew(session["participant_token"]), 401, "invalid_token")
    assert stranger.widget().validate(session["participant_token"]).status_code == 200
    assert widget.redeem(api.mint(campaign())["invite_token"]).status_code == 201


def test_missing_bearer_on_widget_routes(widget):
    for answer in (widget.validate(None), widget.renew(None), widget.end(None)):
        assert_error(answer, 401)


def test_pem_helper():
    """The confusion attack above needs the PEM that a library would take for an HMAC secret."""
    jwk = joserfc.jwk.ECKey.import_key(own_key()).as_dict(private=False)
    pem = public_pem(jwk)
    assert pem.startswith(b"-----BEGIN PUBLIC KEY-----")
    assert serialization.load_pem_public_key(pem).public_numbers() == own_key().public_key().public_numbers()


def test_forgery_helpers_make_what_they_say():
    key = own_key()
    jwk = {**joserfc.jwk.ECKey.import_key(key).as_dict(private=False), "alg": "ES256", "kid": "k"}
    claims = {"exp": 4_000_000_000, "aud": "w/invite"}
    token = es256(key, {"alg": "ES256", "kid": "k", "typ": "invite+jwt"}, claims)
    assert jwt.decode(token, key.public_key(), algorithms=["ES256"], audience="w/invite") == claims
    made = dict(forgeries(token, {"keys": [jwk]}))
    assert len(made) >= 45 and token not in made.values()
    assert len(made["2,048 characters"]) == 2048
    assert token[:-1] == made["loose last bits"][:-1]
