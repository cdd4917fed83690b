"""Tokens bound to a key (DPoP, RFC 9449) with a proof maker that shares no code with the service."""

import time

import jwt
import pytest

import formats
import harness
from dpop import Client, Key, access_token_hash, dumps, encode
from harness import assert_error, nonce


@pytest.fixture()
def client(service):
    return Client(service)


@pytest.fixture()
def bound(api, client):
    return client.open(api.mint()["invite_token"])["participant_token"]


@pytest.mark.parametrize("alg", ["ES256", "EdDSA"])
def test_the_life_of_a_bound_token(service, api, alg):
    client = Client(service, Key(alg))
    invite = api.mint()
    opened = client.open(invite["invite_token"])
    assert opened["token_type"] == "DPoP"
    token = opened["participant_token"]
    claims = formats.parts(token)[1]
    assert claims["cnf"] == {"jkt": client.key.thumbprint}
    for _ in range(4):
        answer = client.validate(token)
        assert answer.status_code == 200 and answer.json()["session_id"] == opened["session_id"]
    renewed = client.renew(token)
    assert renewed.status_code == 200 and renewed.json()["token_type"] == "DPoP"
    assert formats.parts(renewed.json()["participant_token"])[1]["cnf"] == claims["cnf"]
    assert client.end(token).status_code == 204
    assert_error(client.validate(token), 410, "session_ended")


def test_verifiers_find_the_key_in_the_token(service, deployment, api, client, bound):
    keys = jwt.PyJWKClient(f"{service.url}/.well-known/jwks.json")
    audience = f"{deployment.workspace_id}/participant"
    key = keys.get_signing_key_from_jwt(bound).key
    claims = jwt.decode(bound, key, algorithms=["ES256"], audience=audience, leeway=2)
    assert claims["cnf"]["jkt"] == client.key.thumbprint
    seen = api.introspect(bound)
    assert seen["active"] and seen["token_type"] == "DPoP" and seen["cnf"] == {"jkt": client.key.thumbprint}
    assert api.verify(bound)["cnf"] == {"jkt": client.key.thumbprint}


def test_a_first_proof_is_told_the_nonce(service, api):
    answer = Client(service).redeem(api.mint()["invite_token"], again=True)
    assert_error(answer, 401, "use_dpop_nonce")
    assert answer.headers["WWW-Authenticate"].startswith('DPoP realm="token-service", error="use_dpop_nonce"')
    assert len(answer.headers["DPoP-Nonce"]) == 22
    assert "DPoP-Nonce" in answer.headers["Access-Control-Expose-Headers"]
    assert "Date" in answer.headers["Access-Control-Expose-Headers"] and answer.headers["Date"]
    preflight = service.widget("https://a.example").call("OPTIONS", "/v1/widget/sessions")
    assert "DPoP" in preflight.headers["Access-Control-Allow-Headers"]


def test_the_same_key_is_the_holder(service, api):
    client, holder_nonce, invite = Client(service), nonce(), api.mint()
    first = client.redeem(invite["invite_token"], holder_nonce)
    again = client.redeem(invite["invite_token"])
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["session_id"] == again.json()["session_id"]
    assert_error(Client(service).redeem(invite["invite_token"], holder_nonce), 409, "invite_used")
    assert_error(service.widget().redeem(invite["invite_token"], holder_nonce), 409, "invite_used")
    assert api.get(f"/v1/invites/{invite['id']}").json()["uses"] == 1


def test_no_falling_back_and_no_binding_later(service, api, client, bound):
    for answer in (
        service.widget().validate(bound),
        service.widget().renew(bound, nonce()),
        service.widget().end(bound),
        client.validate(bound, scheme="Bearer"),
        service.widget().forward_auth(bound, campaign_id="camp_456abc"),
        client.call("GET", "/v1/forward-auth?campaign_id=camp_456abc", bound),
    ):
        assert_error(answer, 401, "invalid_token")
        assert answer.headers["WWW-Authenticate"].startswith("DPoP ")
    plain = service.widget().open(api.mint()["invite_token"])["participant_token"]
    assert_error(client.validate(plain), 401, "invalid_token")
    assert client.validate(plain, scheme="Bearer").status_code == 200
    renewed = client.renew(plain, scheme="Bearer").json()
    assert renewed["token_type"] == "Bearer" and "cnf" not in formats.parts(renewed["participant_token"])[1]


def test_both_twins_of_a_signature_are_taken(client, bound):
    for high in (True, False):
        assert client.validate(bound, high=high).status_code == 200, high


def test_a_proof_is_good_once(service, client, bound):
    path = "/v1/widget/session"
    assert client.validate(bound).status_code == 200
    fields = {
        "Authorization": f"DPoP {bound}",
        "DPoP": client.key.proof("GET", service.url + path, bound, client.nonce),
    }
    assert client.widget.call("GET", path, headers=fields).status_code == 200
    for _ in range(3):
        assert_error(client.widget.call("GET", path, headers=fields), 401, "invalid_dpop_proof")
    assert_error(client.validate(bound, jti=formats_jti(fields["DPoP"])), 401, "invalid_dpop_proof")
    other = Client(service)
    assert_error(other.redeem("a.b.c"), 401, "invalid_token")


def formats_jti(proof):
    return formats.parts(proof)[1]["jti"]


GOOD, PATH = "GET", "/v1/widget/session"


def attacks(service, key, token, given):
    """Name, proof, code: each is good but for one thing."""
    url = service.url + PATH
    now = int(time.time())
    claims = key.claims(GOOD, url, token, given)

    def changed(**more):
        return key.proof(GOOD, url, token, **{"nonce": given, **more})

    def header(**more):
        return key.jws(key.header(**more), key.claims(GOOD, url, token, given))

    secret = {**key.jwk, "d": key.private_number}
    good = changed()
    head, body, signature = good.split(".")
    none = f"{encode(dumps(key.header(alg='none')))}.{body}"
    stranger = Key()
    yield "alg none, no signature", none + ".", "invalid_dpop_proof"
    yield "alg none", f"{none}.{signature}", "invalid_dpop_proof"
    for alg in ("HS256", "RS256", "ES384", "EdDSA", "es256", None, ["ES256"]):
        yield f"alg {alg}", header(alg=alg), "invalid_dpop_proof"
    yield "a private key", header(jwk=secret), "invalid_dpop_proof"
    yield "a symmetric key", header(jwk={"kty": "oct", "k": "AA"}), "invalid_dpop_proof"
    yield "no key", header(jwk=...), "invalid_dpop_proof"
    for more in ({"kid": "1"}, {"jku": "https://e.example"}, {"x5c": ["AA"]}, {"crit": ["b64"]}, {"b64": False}):
        yield f"header with {more}", header(**more), "invalid_dpop_proof"
    for typ in ("JWT", "dpop", "DPoP+JWT", "participant+jwt", ..., None):
        yield f"typ {typ}", header(typ=typ), "invalid_dpop_proof"
    for method in ("POST", "get", "", ..., None, 1):
        yield f"htm {method}", changed(htm=method), "invalid_dpop_proof"
    host = service.url.split("//")[1]
    for target in (
        service.url, service.url + "/v1/widget/sessions", f"https://{host}{PATH}", "http://evil.example" + PATH,
        f"http://{host}.evil.example{PATH}", url + "/", url + "?a=1", url + "#f", PATH, "", ..., None, [url],
        f"http://user@{host}{PATH}", service.url + "/x/.." + PATH, "http://127.0.0.1:1" + PATH,
    ):  # fmt: skip
        yield f"htu {target}", changed(htu=target), "invalid_dpop_proof"
    for iat in (now - 3600, now - 300, now + 120, now + 86_400, 0, -1, str(now), now + 0.5, ..., None):
        yield f"iat {iat}", changed(iat=iat), "invalid_dpop_proof"
    for ath in (access_token_hash("other"), "", ..., None, access_token_hash(token) + "="):
        yield f"ath {ath}", changed(ath=ath), "invalid_dpop_proof"
    for jti in ("", "j" * 129, ..., None, 7):
        yield f"jti {jti}", changed(jti=jti), "invalid_dpop_proof"
    for given_nonce in ("", 7, "n" * 129, None):
        yield f"nonce {given_nonce}", key.jws(key.header(), {**claims, "nonce": given_nonce}), "invalid_dpop_proof"
    for given_nonce in ("A" * 22, given[::-1], given + "A"):
        yield f"nonce {given_nonce}", changed(nonce=given_nonce), "use_dpop_nonce"
    yield "no nonce", changed(nonce=None), "use_dpop_nonce"
    yield "another key", stranger.proof(GOOD, url, token, given), "invalid_token"
    yield "our key, a stranger's signature", stranger.jws(key.header(), claims), "invalid_dpop_proof"
    yield "a signature of zeros", f"{head}.{body}.{'A' * 86}", "invalid_dpop_proof"
    yield "a short signature", good[:-4], "invalid_dpop_proof"
    yield "padding", good + "==", "invalid_dpop_proof"
    yield "a payload of a list", key.jws(key.header(), []), "invalid_dpop_proof"
    yield "a claim twice", key.jws(key.header(), dumps(claims)[:-1] + b',"htm":"GET"}'), "invalid_dpop_proof"
    yield "a proof in a list", f"{good}, {good}", "invalid_dpop_proof"
    yield "empty", "", "invalid_dpop_proof"
    yield "a word", "x", "invalid_dpop_proof"
    yield "huge", "A" * 6000, "invalid_dpop_proof"
    yield "the token itself", token, "invalid_dpop_proof"


def test_every_attack_on_a_proof_is_refused(service, client, bound):
    assert client.validate(bound).status_code == 200
    count = 0
    for name, proof, code in attacks(service, client.key, bound, client.nonce):
        fields = {"Authorization": f"DPoP {bound}", "DPoP": proof}
        answer = client.widget.call(GOOD, PATH, headers=fields)
        assert_error(answer, 401, code, note=name)
        assert answer.headers["WWW-Authenticate"].startswith("DPoP "), name
        assert ("DPoP-Nonce" in answer.headers) == (code == "use_dpop_nonce"), name
        count += 1
    assert count >= 70
    assert client.validate(bound).status_code == 200


def test_names_of_other_hosts_in_the_request_mean_nothing(service, client, bound):
    for fields in ({"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}, {"Forwarded": "host=evil.example"}):
        answer = client.validate(bound, headers=fields, htu="http://evil.example" + PATH)
        assert_error(answer, 401, "invalid_dpop_proof")


def test_public_urls_are_addresses_of_the_service(fresh):
    more = ["--public-url", "https://widgets.example.com,https://a.example/tokens/"]
    with harness.Service(fresh, *more) as service:
        api = service.api()
        for base in (fresh.issuer, "https://widgets.example.com", "https://a.example:443/tokens", service.url):
            client = Client(service, base=base)
            assert client.open(api.mint()["invite_token"])["token_type"] == "DPoP", base
        for base in ("https://a.example", "http://widgets.example.com", "https://widgets.example.com:8443"):
            assert_error(Client(service, base=base).redeem(api.mint()["invite_token"]), 401, "invalid_dpop_proof")
        api.close()


def test_a_trusted_proxy_says_what_the_request_was(fresh):
    with harness.Service(fresh, "--trusted-proxies", "127.0.0.1") as service:
        api, client = service.api(), Client(service)
        token = client.open(api.mint()["invite_token"])["participant_token"]
        forwarded = {
            "X-Forwarded-Method": "PUT", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "rooms.example",
            "X-Forwarded-Uri": "/rooms/7?tab=1",
        }  # fmt: skip
        good = {"htm": "PUT", "htu": "https://rooms.example/rooms/7"}
        path = "/v1/forward-auth?campaign_id=camp_456abc"
        answer = client.call("GET", path, token, headers=forwarded, **good)
        assert answer.status_code == 204 and answer.headers["X-Token-Campaign"] == "camp_456abc"
        for bad in ({"htm": "GET"}, {"htu": "https://rooms.example/rooms/8"}, {"htu": service.url + path}):
            answer = client.call("GET", path, token, headers=forwarded, **{**good, **bad})
            assert_error(answer, 401, "invalid_dpop_proof")
        for name in forwarded:
            fields = {other: value for other, value in forwarded.items() if other != name}
            assert_error(client.call("GET", path, token, headers=fields, **good), 401, "invalid_token", note=name)
        api.close()


def test_nonces_and_bindings_outlive_a_restart(fresh):
    service = harness.Service(fresh, listen="127.0.0.1:0")
    with service:
        api, client = service.api(), Client(service)
        token = client.open(api.mint()["invite_token"])["participant_token"]
        api.close()
    with service:
        again = Client(service, client.key)
        again.nonce = client.nonce
        answer = again.validate(token, again=True)
        assert answer.status_code == 200, answer.text
        assert_error(Client(service).validate(token), 401, "invalid_token")


def test_a_policy_can_require_it(service, api):
    name = harness.campaign("bound")
    assert api.put(f"/v1/campaigns/{name}/policy", {"bound_tokens_required": True}).status_code == 200
    invite = api.mint(name)
    assert_error(service.widget().redeem(invite["invite_token"]), 422, "policy_violation")
    body = {"campaign_id": name, "participant_email": harness.email()}
    assert_error(api.post("/v1/participant-tokens", body), 422, "policy_violation")
    assert Client(service).open(invite["invite_token"])["token_type"] == "DPoP"


def test_the_longest_token_of_all_is_short_enough(tmp_path):
    """Every part as long as it may be: issuer, campaign, address in clear, origin, a list of origins, a key."""
    issuer = "https://" + "i" * 60 + "." + "s" * 60 + "/" + "p" * 70
    assert len(issuer) == 200
    deployment = harness.Deployment(harness.fresh_directory(tmp_path), issuer=issuer)
    host = ".".join("o" * count for count in (59, 61, 61, 60))
    origins = [f"https://{number:03}{host}" for number in range(20)]
    assert {len(origin) for origin in origins} == {255}
    address = "a" * 64 + "@" + ".".join(["d" * 61] * 3) + ".exa"
    assert len(address) == 254
    with harness.Service(deployment) as service:
        api = service.api()
        policy = {"email_in_token": True, "allowed_origins": origins}
        assert api.put("/v1/campaigns/" + "c" * 64 + "/policy", policy).status_code == 200
        invite = api.mint("c" * 64, address)
        client = Client(service, origin=origins[-1])
        opened = client.open(invite["invite_token"])
        assert len(invite["invite_token"]) < formats.TOKEN_LENGTH_MAX
        assert len(opened["participant_token"]) < formats.TOKEN_LENGTH_MAX
        seen = client.validate(opened["participant_token"])
        assert seen.status_code == 200 and seen.json()["participant_email"] == address
        body = {"campaign_id": "c" * 64, "participant_email": address}
        made = api.post("/v1/participant-tokens", body).json()
        assert len(made["participant_token"]) < formats.TOKEN_LENGTH_MAX
        seen = service.widget(origins[0]).validate(made["participant_token"])
        assert seen.status_code == 200 and seen.json()["participant_email"] == address
        api.close()
