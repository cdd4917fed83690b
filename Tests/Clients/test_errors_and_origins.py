"""Error bodies byte by byte, key headers, keys in browsers, and CORS on the widget routes only."""

import json
import re

import pytest

import formats
import harness
from harness import assert_error, campaign, email

SHAPE = re.compile(
    r'^\{"error":\{"code":"[a-z_]+","message":"(?:[^"\\]|\\.)+","status":[45]\d\d,"request_id":"req_[0-9a-z]{26}"'
    r'(?:,"param":"(?:[^"\\]|\\.)*")?\}\}\s?$'
)
SITE = "https://jobs.example.com"


# -- one text for every 401 -------------------------------------------------------------


def refused_credentials(service, api):
    """Headers that are no valid key, each for another reason."""
    key = api.key
    revoked = api.make_key(["invites:read"])
    assert api.delete(f"/v1/api-keys/{revoked['id']}").status_code == 204
    flipped = key[:-1] + ("0" if key[-1] != "0" else "1")
    unknown = formats.key_with_checksum("ts_test_", "a" * 37)
    wrong_environment = formats.key_with_checksum("ts_live_", key[8:45])
    return {
        "none": {},
        "empty bearer": {"Authorization": "Bearer"},
        "another scheme": {"Authorization": f"Basic {key}"},
        "no scheme": {"Authorization": key},
        "short": {"Authorization": "Bearer x"},
        "a typo": {"Authorization": f"Bearer {flipped}"},
        "a character more": {"Authorization": f"Bearer {key}a"},
        "a character less": {"Authorization": f"Bearer {key[:-1]}"},
        "unknown with a good checksum": {"Authorization": f"Bearer {unknown}"},
        "unknown in x-api-key": {"x-api-key": unknown},
        "empty x-api-key": {"x-api-key": ""},
        "other environment": {"Authorization": f"Bearer {wrong_environment}"},
        "other prefix": {"Authorization": "Bearer " + formats.key_with_checksum("ir_test_", key[8:45])},
        "revoked": {"Authorization": f"Bearer {revoked['secret']}"},
        "another kind of token": {"Authorization": f"Bearer {api.mint()['invite_token']}"},
        "a key id": {"Authorization": f"Bearer {revoked['id']}"},
        "long": {"Authorization": "Bearer " + "a" * 4_000},
    }


def test_all_401_have_one_text(service, api):
    client = service.api(key="")
    texts, seen = set(), {}
    for name, headers in refused_credentials(service, api).items():
        answer = client.get("/v1/invites", headers=headers)
        assert_error(answer, 401, "unauthorized")
        assert SHAPE.match(answer.text), answer.text
        assert "Bearer" in answer.headers.get("WWW-Authenticate", ""), name
        texts.add(re.sub(r"req_[0-9a-z]{26}", "req_", answer.text))
        seen[name] = answer.text
    assert len(texts) == 1, seen
    assert "Invalid or missing API key" in texts.pop()


def test_the_seeds_401_body(service):
    error = service.api(key="").get("/v1/invites").json()["error"]
    assert list(error) == ["code", "message", "status", "request_id"]
    assert (error["code"], error["status"]) == ("unauthorized", 401)


def test_the_scheme_is_case_insensitive(service, api):
    client = service.api(key="")
    for scheme in ("Bearer", "bearer", "BEARER"):
        assert client.get("/v1/invites", headers={"Authorization": f"{scheme} {api.key}"}).status_code == 200


def test_two_headers_with_one_key_are_one_key(service, api):
    client = service.api(key="")
    both = {"Authorization": f"Bearer {api.key}", "x-api-key": api.key}
    assert client.get("/v1/invites", headers=both).status_code == 200
    for other in (formats.key_with_checksum("ts_test_", "b" * 37), "x"):
        for headers in ({**both, "x-api-key": other}, {**both, "Authorization": f"Bearer {other}"}):
            assert_error(client.get("/v1/invites", headers=headers), 400, "invalid_request")


def test_a_key_without_the_scope(service, api):
    reader = service.api(api.make_key(["invites:read"])["secret"])
    invite = api.mint()
    assert reader.get(f"/v1/invites/{invite['id']}").status_code == 200
    for answer in (
        reader.post("/v1/invites", {"campaign_id": "c", "participant_email": email()}),
        reader.post("/v1/invites/batch", {"invites": []}),
        reader.delete(f"/v1/invites/{invite['id']}"),
        reader.post("/v1/participant-tokens", {"campaign_id": "c", "participant_email": email()}),
        reader.post("/v1/tokens/verify", {"token": "x"}),
        reader.post("/v1/revocations", {"campaign_id": "c"}),
        reader.get("/v1/audit-events"),
    ):
        assert_error(answer, 403, "insufficient_scope")
        assert SHAPE.match(answer.text)
    introspection = reader.post("/v1/tokens/introspect", data={"token": "x"})
    assert introspection.status_code == 403
    for answer in (reader.get("/v1/api-keys"), reader.post("/v1/api-keys", {"name": "n", "scopes": []})):
        assert_error(answer, 403, ["forbidden", "insufficient_scope"])
    assert api.get(f"/v1/invites/{invite['id']}").json()["status"] == "pending"


def test_authorisation_comes_before_the_body(service, api):
    """A caller who may not mint learns nothing of what a mint would say."""
    reader = service.api(api.make_key(["invites:read"])["secret"])
    assert_error(reader.post("/v1/invites", {"nonsense": 1}), 403, "insufficient_scope")
    assert_error(service.api(key="").post("/v1/invites", {"nonsense": 1}), 401, "unauthorized")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/v1/invites?limit=0", None, 400),
        ("POST", "/v1/invites", {}, 400),
        ("GET", "/v1/nothing", None, 404),
        ("PUT", "/v1/invites", {}, 405),
        ("GET", f"/v1/invites/{formats.unknown_id('inv')}", None, 404),
        ("POST", "/v1/invites", {"campaign_id": "c", "participant_email": "a@b.example", "expires_in": 1}, 422),
    ],
)
def test_error_bodies_byte_by_byte(api, method, path, body, status):
    answer = api.call(method, path, json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"].startswith("application/json")
    if status == 422:
        error = answer.json()["error"]
        assert error["code"] == "policy_violation" and error["param"] == "expires_in"
        assert "60" in answer.text and "604800" in answer.text, "the bounds are told"
    else:
        assert SHAPE.match(answer.text), answer.text


@pytest.mark.parametrize(
    ("accept", "problem"),
    [
        ("application/problem+json", True),
        ("application/problem+json, application/json;q=0.5", True),
        ("application/problem+json;q=0.5, application/json", False),
        ("application/json", False),
        ("*/*", False),
        ("", False),
        ("application/problem+json;q=0", False),
        ("application/problem+json;q=x, ,,;=", None),
    ],
)
def test_problem_details_when_preferred(api, accept, problem):
    body = {"campaign_id": 1, "participant_email": email()}
    answer = api.post("/v1/invites", body, headers={"Accept": accept})
    assert answer.status_code == 400
    kind = answer.headers["Content-Type"].split(";")[0]
    if problem is None:
        assert kind in ("application/json", "application/problem+json")
        return
    assert kind == ("application/problem+json" if problem else "application/json")
    body = answer.json()
    if problem:
        assert body["status"] == 400 and body["title"] and "error" not in body
        assert body.get("code") == "invalid_request" and body.get("param") == "campaign_id"
        assert body.get("request_id") == answer.headers["Request-Id"]
        assert isinstance(body.get("type", "about:blank"), str) and isinstance(body.get("detail", ""), str)
    else:
        assert "error" in body


def test_request_ids_never_repeat(api):
    ids = [api.get("/livez").headers["Request-Id"] for _ in range(50)]
    assert len(set(ids)) == 50
    mine = api.get("/livez", headers={"Request-Id": formats.unknown_id("req"), "X-Request-Id": "mine"})
    assert mine.headers["Request-Id"] not in (formats.unknown_id("req"), "mine")


# -- keys in browsers -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "evidence",
    [{"Origin": SITE}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-origin"}],
    ids=str,
)
def test_a_key_in_a_browser_is_refused(service, api, evidence):
    for client in (api, service.api(header="x-api-key")):
        for answer in (
            client.get("/v1/invites", headers=evidence),
            client.post("/v1/invites", {"campaign_id": "c", "participant_email": email()}, headers=evidence),
            client.post("/v1/tokens/introspect", data={"token": "x"}, headers=evidence),
        ):
            assert answer.status_code == 403
            if not answer.request.path_url.endswith("introspect"):
                assert_error(answer, 403, "key_in_browser")
            assert no_cors(answer)
    assert api.get("/v1/invites").status_code == 200


def no_cors(answer):
    return not [name for name in answer.headers if name.lower().startswith("access-control-")]


# -- CORS -------------------------------------------------------------------------------------


PREFLIGHT = {"Origin": SITE, "Access-Control-Request-Method": "POST"}
WIDGET_ROUTES = [
    ("POST", "/v1/widget/sessions"),
    ("GET", "/v1/widget/session"),
    ("DELETE", "/v1/widget/session"),
    ("POST", "/v1/widget/session/renew"),
]


@pytest.mark.parametrize(("method", "path"), WIDGET_ROUTES)
def test_preflights_of_widget_routes(widget, method, path):
    headers = {
        "Origin": SITE,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    answer = widget.call("OPTIONS", path, headers=headers)
    assert answer.status_code in (200, 204)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    methods = answer.headers.get("Access-Control-Allow-Methods", "").upper().replace(" ", "").split(",")
    assert method in methods or (method in ("GET", "POST") and not methods[0])
    allowed = answer.headers["Access-Control-Allow-Headers"].lower().replace(" ", "").split(",")
    assert {"authorization", "content-type"} <= set(allowed)


@pytest.mark.parametrize(
    "path", ["/v1/invites", "/v1/tokens/verify", "/v1/api-keys", "/v1/audit-events", "/v1/nothing"]
)
def test_no_cors_on_back_end_routes(service, api, path):
    client = service.api(key="")
    answer = client.call("OPTIONS", path, headers=PREFLIGHT)
    assert no_cors(answer)
    assert no_cors(client.get(path, headers={"Origin": SITE}))


def test_any_origin_where_no_list_stands(service, api):
    page = service.widget(SITE)
    session = page.open(api.mint()["invite_token"])
    answer = page.validate(session["participant_token"])
    assert answer.status_code == 200 and answer.headers["Access-Control-Allow-Origin"] == "*"
    refused = page.redeem("garbage")
    assert_error(refused, 401)
    assert refused.headers["Access-Control-Allow-Origin"] == "*"


def test_a_list_allows_exactly_its_origins(service, api):
    other = "https://second.example:8443"
    invite = api.mint(allowed_origins=[SITE, other], max_uses=2)
    for origin in (
        "https://evil.example",
        SITE + ".evil.example",
        SITE.replace("https", "http"),
        SITE + ":444",
        "https://second.example",
        "https://xjobs.example.com",
        "https://example.com",
        "null",
    ):
        refused = service.widget(origin).redeem(invite["invite_token"])
        assert_error(refused, 403, "origin_not_allowed")
        assert "Access-Control-Allow-Origin" not in refused.headers, origin
    assert api.get(f"/v1/invites/{invite['id']}").json()["uses"] == 0
    for origin in (SITE, other):
        answer = service.widget(origin).redeem(invite["invite_token"])
        assert answer.status_code == 201
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert "origin" in answer.headers["Vary"].lower()
        assert formats.claims_of(answer.json()["participant_token"])["origin"] == origin


def test_a_token_of_an_origin_needs_its_origin(service, api, widget):
    page = service.widget(SITE)
    session = page.open(api.mint(allowed_origins=[SITE])["invite_token"])
    token = session["participant_token"]
    answer = page.validate(token)
    assert answer.status_code == 200 and answer.headers["Access-Control-Allow-Origin"] == SITE
    renewed = page.renew(token)
    assert renewed.status_code == 200
    assert formats.claims_of(renewed.json()["participant_token"])["origin"] == SITE
    for client in (service.widget("https://evil.example"), service.widget("null"), widget):
        for answer in (client.validate(token), client.renew(token), client.end(token)):
            assert_error(answer, 403, "origin_not_allowed")
            assert "Access-Control-Allow-Origin" not in answer.headers
    assert page.validate(token).status_code == 200
    assert page.end(token).status_code == 204


def test_an_origin_binds_even_without_a_list(service, api, widget):
    page = service.widget(SITE)
    token = page.open(api.mint()["invite_token"])["participant_token"]
    assert formats.claims_of(token)["origin"] == SITE
    assert_error(service.widget("https://evil.example").validate(token), 403, "origin_not_allowed")
    assert page.validate(token).status_code == 200


def test_native_apps_have_no_origin(api, widget):
    session = widget.open(api.mint(allowed_origins=[SITE])["invite_token"])
    assert "origin" not in formats.claims_of(session["participant_token"])
    assert widget.validate(session["participant_token"]).status_code == 200


def test_an_api_key_in_a_widget_body_is_no_token(service, api):
    assert_error(service.widget(SITE).redeem(api.key), 401, "invalid_token")


def test_the_key_set_is_open_to_pages(service):
    answer = service.widget(SITE).call("GET", "/.well-known/jwks.json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


# -- limits by address --------------------------------------------------------------------------


def test_refused_credentials_are_limited_by_address(fresh):
    with harness.Service(fresh, env={"TOKENSERVICE_ADDRESS_LIMIT": "20"}) as running:
        client = running.api(key="")
        bad = {"Authorization": "Bearer " + formats.key_with_checksum("ts_test_", "c" * 37)}
        statuses = [client.get("/v1/invites", headers=bad).status_code for _ in range(60)]
        assert statuses[:20] == [401] * 20 and 429 in statuses and set(statuses) == {401, 429}
        tries = [client.get("/v1/invites", headers=bad) for _ in range(5)]
        limited = [answer for answer in tries if answer.status_code == 429][0]
        assert_error(limited, 429, "rate_limited")
        assert 1 <= int(limited.headers["Retry-After"]) <= 60
        # A good key from the same address is not locked out by its neighbour's bad ones.
        assert running.api().get("/v1/invites").status_code == 200


def test_json_of_errors_is_utf8_json(api):
    answer = api.post("/v1/invites", {"campaign_id": campaign(), "participant_email": email(), 'n"\u00e9\u0001': 1})
    error = assert_error(answer, 400, "invalid_request")
    assert json.loads(answer.content.decode("utf-8"))["error"] == error
    assert error["param"] == 'n"\u00e9\u0001'
