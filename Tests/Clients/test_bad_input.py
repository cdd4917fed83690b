"""Tables of bad input, each with its status, its code and the field that it names; and walls between tenants."""

import json

import pytest

import formats
import harness
from harness import assert_error, campaign, email

GOOD = {"campaign_id": "camp_456abc", "participant_email": "user@canary-mail.example"}
JSON = {"Content-Type": "application/json"}


def raw(api, path, data, headers=None):
    return api.call("POST", path, data=data, headers={**JSON, **(headers or {})})


def with_(**more):
    return {**GOOD, **more}


def without(member):
    return {name: value for name, value in GOOD.items() if name != member}


# -- bytes that are no JSON object -------------------------------------------------------------


def good_text(extra=""):
    return '{"campaign_id":"c","participant_email":"a@b.example"' + extra + "}"


NO_JSON = {
    "empty": b"",
    "blank": b" \r\n\t ",
    "array": b"[]",
    "string": b'"x"',
    "null": b"null",
    "number": b"1",
    "true": b"true",
    "truncated": good_text()[:-1].encode(),
    "truncated string": b'{"campaign_id":"c',
    "truncated escape": b'{"campaign_id":"c\\u00',
    "text after": good_text().encode() + b" x",
    "two objects": (good_text() * 2).encode(),
    "duplicate member": good_text(',"campaign_id":"c"').encode(),
    "duplicate by escape": good_text(',"campaign_i\\u0064":"c"').encode(),
    "duplicate inside metadata": good_text(',"metadata":{"a":"1","a":"2"}').encode(),
    "byte order mark": b"\xef\xbb\xbf" + good_text().encode(),
    "bad UTF-8": b'{"campaign_id":"\xff","participant_email":"a@b.example"}',
    "overlong UTF-8": b'{"campaign_id":"\xc0\xaf","participant_email":"a@b.example"}',
    "surrogate in UTF-8": b'{"campaign_id":"\xed\xa0\x80","participant_email":"a@b.example"}',
    "beyond Unicode": b'{"campaign_id":"\xf4\x90\x80\x80","participant_email":"a@b.example"}',
    "UTF-16": good_text().encode("utf-16"),
    "NUL in a string": b'{"campaign_id":"a\0b","participant_email":"a@b.example"}',
    "NUL after": good_text().encode() + b"\0",
    "control in a string": b'{"campaign_id":"a\nb","participant_email":"a@b.example"}',
    "lone surrogate": good_text(',"metadata":{"a":"\\ud800"}').encode(),
    "reversed surrogates": good_text(',"metadata":{"a":"\\udc00\\ud800"}').encode(),
    "unknown escape": b'{"campaign_id":"\\x41","participant_email":"a@b.example"}',
    "depth 9": good_text(',"metadata":' + '{"a":' * 9 + '""' + "}" * 9).encode(),
    "depth 4,000": good_text(',"metadata":' + "[" * 4_000 + "]" * 4_000).encode(),
    "unclosed depth": b'{"a":' * 3_000,
    "comment": b"{/* */" + good_text().encode()[1:],
    "single quotes": good_text().replace('"', "'").encode(),
    "trailing comma": good_text(",").encode(),
    "missing comma": b'{"campaign_id":"c" "participant_email":"a@b.example"}',
    "missing colon": b'{"campaign_id" "c","participant_email":"a@b.example"}',
    "NaN": good_text(',"expires_in":NaN').encode(),
    "Infinity": good_text(',"expires_in":Infinity').encode(),
    "leading zero": good_text(',"expires_in":0600').encode(),
    "leading plus": good_text(',"expires_in":+600').encode(),
    "hexadecimal": good_text(',"expires_in":0x258').encode(),
    "lone minus": good_text(',"expires_in":-').encode(),
    "no digit after the point": good_text(',"expires_in":600.').encode(),
    "10,000 digits": good_text(',"expires_in":' + "9" * 10_000).encode(),
    "a huge exponent": good_text(',"expires_in":1e400').encode(),
    "form": b"campaign_id=c&participant_email=a%40b.example",
    "vertical tab as space": b"\x0b" + good_text().encode(),
    "no-break space": "\u00a0".encode() + good_text().encode(),
}


@pytest.mark.parametrize("name", NO_JSON)
def test_bodies_that_are_no_json_object(api, name):
    for path in ("/v1/invites", "/v1/participant-tokens"):
        assert_error(raw(api, path, NO_JSON[name]), 400, "invalid_request", note=path)


@pytest.mark.parametrize("path", ["/v1/widget/sessions", "/v1/tokens/verify", "/v1/revocations", "/v1/api-keys"])
def test_every_json_route_parses_strictly(api, path):
    for name in ("empty", "array", "truncated", "text after", "bad UTF-8", "depth 4,000", "unclosed depth", "null"):
        assert_error(raw(api, path, NO_JSON[name]), 400, "invalid_request", note=name)
    assert_error(raw(api, path, b'{"a":1,"a":1}'), 400, "invalid_request")


def test_json_that_is_fine(api):
    """Unusual spellings of a good body are good."""
    for data in (
        b" \r\n\t" + good_text().encode() + b"\n",
        b'{"campaign_\\u0069d":"c","participant_email":"a\\u0040b.example"}',
        good_text(',"metadata":{"a":"\\ud83d\\ude00 \\/ \\n"}').encode(),
        good_text(',"metadata":{}').encode(),
        '{"campaign_id":"c","participant_email":"a@b.example","metadata":{"ä":"日本"}}'.encode(),
    ):
        assert raw(api, "/v1/invites", data).status_code == 201, data


# -- fields of a mint ------------------------------------------------------------------------------


MINTS = [
    (without("campaign_id"), "campaign_id"),
    (without("participant_email"), "participant_email"),
    *[
        (with_(campaign_id=bad), "campaign_id")
        for bad in ("", "c" * 65, "a b", "a/b", "a?b", "ä", "a\n", " a", "a%20b", 1, 1.5, None, True, [], ["a"], {})
    ],
    *[
        (with_(participant_email=bad), "participant_email")
        for bad in (
            "", "a", "@", "a@", "@b.example", "a@b@c.example", "a b@c.example", "a@b c.example", "ü@b.example",
            "a@exämple.example", "a@b.example\n", "\ta@b.example", "a\r\nb@c.example",
            "a" * 243 + "@b.example.org", 7, None, False, [], ["a@b.example"], {"a": "b"},
        )
    ],
    (with_(campaign_id="a\0"), None),
    (with_(participant_email="a@b.example\0"), None),
    *[(with_(expires_in=bad), "expires_in") for bad in ("60", "", 60.5, True, [], {}, -0.5)],
    *[(with_(max_uses=bad), "max_uses") for bad in (0, -1, "1", 1.5, True, [], 2**64)],
    *[
        (with_(allowed_origins=bad), "allowed_origins")
        for bad in (
            "https://a.example", {}, 1, [1], [None], [""], ["a.example"], ["https://a.example/"], ["https://a.example/p"],
            ["https://a.example?q"], ["https://user@a.example"], ["https://a.example:99999"], ["javascript:alert(1)"],
            ["https://"], ["https://a b.example"], ["https://a.example", "null"], ["https://a.example\r\nX: y"],
        )
    ],
    *[
        (with_(metadata=bad), "metadata")
        for bad in (
            "a", 1, [], True, {"a": 1}, {"a": None}, {"a": {}}, {"a": ["b"]}, {"a": True},
            {f"k{at}": "v" for at in range(17)}, {"a": "v" * 2_100}, {"k" * 2_100: "v"},
        )
    ],
    *[
        (with_(**{name: "x"}), name)
        for name in ("admin", "workspace_id", "id", "status", "uses", "environment", "__proto__", "Campaign_id", "campaignId")
    ],
]  # fmt: skip


@pytest.mark.parametrize(("body", "param"), MINTS, ids=lambda value: str(value)[-60:])
def test_bad_fields_of_a_mint(api, body, param):
    assert_error(api.post("/v1/invites", body), 400, "invalid_request", param)


@pytest.mark.parametrize("seconds", [0, -1, 1, 59, 604_801, 2**31, 2**53, 2**63 - 1, 2**63, 2**64, -(2**63), 10**30])
def test_lifetimes_outside_the_policy(api, seconds):
    statuses = (400, 422) if seconds <= 0 or seconds >= 2**31 else 422
    for path in ("/v1/invites", "/v1/participant-tokens"):
        error = assert_error(
            api.post(path, with_(expires_in=seconds)), statuses, ["policy_violation", "invalid_request"]
        )
        assert error.get("param") == "expires_in" or abs(seconds) >= 2**63, "a number that long may be refused as JSON"


def test_the_bounds_of_a_session_without_invite(api):
    for seconds, status in ((59, 422), (60, 201), (3_600, 201), (3_601, 422)):
        answer = api.post("/v1/participant-tokens", with_(expires_in=seconds))
        assert answer.status_code == status, (seconds, answer.text)


def test_fields_at_their_bounds(api):
    domain = "b" * 50 + ".example"
    for body in (
        with_(campaign_id="c"),
        with_(campaign_id="A.z_9:-" + "c" * 57),
        with_(participant_email="a" * (253 - len(domain)) + "@" + domain),
        with_(metadata={f"k{at}": "v" for at in range(16)}),
        with_(metadata={"a": "v" * 1_900}),
        with_(max_uses=1),
        with_(allowed_origins=["http://localhost:3000", "https://a.example"]),
    ):
        assert api.post("/v1/invites", body).status_code == 201, body


SESSIONS_WITHOUT_INVITE = [
    ({}, None),
    (without("campaign_id"), "campaign_id"),
    (without("participant_email"), "participant_email"),
    (with_(campaign_id="a b"), "campaign_id"),
    (with_(participant_email="a"), "participant_email"),
    (with_(expires_in="60"), "expires_in"),
    (with_(max_uses=1), "max_uses"),
    (with_(session_id="ses_x"), "session_id"),
    (with_(renew_until="2030-01-01T00:00:00Z"), "renew_until"),
]


@pytest.mark.parametrize(("body", "param"), SESSIONS_WITHOUT_INVITE, ids=str)
def test_bad_sessions_without_invite(api, body, param):
    assert_error(api.post("/v1/participant-tokens", body), 400, "invalid_request", param)


BATCHES = [
    ({}, "invites"),
    ({"invites": {}}, "invites"),
    ({"invites": "x"}, "invites"),
    ({"invites": None}, "invites"),
    ({"invites": [GOOD], "dry_run": True}, "dry_run"),
]


@pytest.mark.parametrize(("body", "param"), BATCHES, ids=str)
def test_bad_batches(api, body, param):
    assert_error(api.post("/v1/invites/batch", body), 400, "invalid_request", param)


@pytest.mark.parametrize("item", [None, 1, "x", [], True, {}, {"campaign_id": 1}])
def test_bad_items_stand_alone(api, item):
    camp = campaign()
    good = {"campaign_id": camp, "participant_email": email()}
    answer = api.post("/v1/invites/batch", {"invites": [good, item, good]})
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert [sorted(result) for result in results] == [["invite"], ["error"], ["invite"]]
    assert results[1]["error"]["code"] == "invalid_request"


# -- widgets, verify, introspect --------------------------------------------------------------------


REDEEMS = [
    ({}, "invite_token"),
    ({"invite_token": 1}, "invite_token"),
    ({"invite_token": None}, "invite_token"),
    ({"invite_token": ["x"]}, "invite_token"),
    ({"token": "x"}, "token"),
    ({"invite_token": "x", "campaign_id": "c"}, "campaign_id"),
    *[
        ({"invite_token": "x", "holder_nonce": bad}, "holder_nonce")
        for bad in ("", "n" * 21, "n" * 129, "n" * 21 + "+", "n" * 21 + "=", "n" * 21 + " ", "ñ" * 22, 7, [], {}, True)
    ],
]


@pytest.mark.parametrize(("body", "param"), REDEEMS, ids=str)
def test_bad_redeems(widget, body, param):
    answer = widget.call("POST", "/v1/widget/sessions", json=body)
    if set(body) == {"token"}:
        param = None  # both the unknown and the missing member may be named
    assert_error(answer, 400, "invalid_request", param)


def test_a_bad_nonce_uses_nothing(api, widget):
    invite = api.mint()
    assert_error(widget.redeem(invite["invite_token"], "short"), 400, "invalid_request", "holder_nonce")
    assert api.get(f"/v1/invites/{invite['id']}").json()["uses"] == 0
    for good in ("n" * 22, "N-_" + "9" * 125):
        widget.open(api.mint()["invite_token"], good)


@pytest.mark.parametrize("token", ["x", "a.b.c", "..", "eyJ.eyJ.x", "ä", " ", "a" * 2_048, "a" * 12_000], ids=len)
def test_text_that_is_no_token(api, widget, token):
    assert_error(widget.redeem(token), 401, "invalid_token")
    assert api.code_of(token) == "invalid_token"
    assert api.introspect(token.encode()) == {"active": False}


@pytest.mark.parametrize("token", ["", "\u0000"], ids=repr)
def test_text_that_may_be_refused_earlier(api, widget, token):
    assert_error(widget.redeem(token), [400, 401], ["invalid_request", "invalid_token"])
    answer = api.post("/v1/tokens/verify", {"token": token})
    assert answer.status_code == 400 or answer.json()["code"] == "invalid_token"
    answer = api.post("/v1/tokens/introspect", data={"token": token})
    assert answer.status_code == 400 or answer.json() == {"active": False}


@pytest.mark.parametrize(
    ("body", "param"),
    [({}, "token"), ({"token": 1}, "token"), ({"token": None}, "token"), ({"token": "x", "leeway": 9}, "leeway")],
)
def test_bad_verifies(api, body, param):
    assert_error(api.post("/v1/tokens/verify", body), 400, "invalid_request", param)


def test_introspection_is_a_form(api):
    assert api.post("/v1/tokens/introspect", {"token": "x"}).status_code == 415
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for data in (b"", b"token_type_hint=x", b"token=%zz", b"token=a&token=b", b"token=%ff%00", b"=&&==", b"token"):
        answer = api.call("POST", "/v1/tokens/introspect", data=data, headers=form)
        good = answer.status_code == 200 and answer.json() == {"active": False}
        assert good or answer.status_code == 400, (data, answer.text)


def test_bad_renewals(api, widget):
    token = widget.open(api.mint()["invite_token"])["participant_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    for body, param in (({"holder_nonce": "short"}, "holder_nonce"), ({"expires_in": 3600}, "expires_in")):
        answer = widget.call("POST", "/v1/widget/session/renew", json=body, headers=bearer)
        assert_error(answer, 400, "invalid_request", param)
    assert widget.call("POST", "/v1/widget/session/renew", json={}, headers=bearer).status_code == 200


# -- queries and headers --------------------------------------------------------------------------


QUERIES = [
    ("/v1/invites?foo=1", "foo"),
    ("/v1/invites?Limit=1", "Limit"),
    ("/v1/invites?limit=0", "limit"),
    ("/v1/invites?limit=101", "limit"),
    ("/v1/invites?limit=-1", "limit"),
    ("/v1/invites?limit=1.5", "limit"),
    ("/v1/invites?limit=+1", "limit"),
    ("/v1/invites?limit=", "limit"),
    ("/v1/invites?limit=ten", "limit"),
    ("/v1/invites?limit=99999999999999999999", "limit"),
    ("/v1/invites?limit=1&limit=2", "limit"),
    ("/v1/invites?status=gone", "status"),
    ("/v1/invites?status=", "status"),
    ("/v1/invites?campaign_id=a%20b", "campaign_id"),
    ("/v1/invites?campaign_id=", "campaign_id"),
    ("/v1/invites?participant_email=nobody", "participant_email"),
    ("/v1/invites?cursor=garbage", "cursor"),
    ("/v1/invites?cursor=", "cursor"),
    ("/v1/invites?cursor=%00", None),
    ("/v1/invites?limit=%zz", None),
    ("/v1/invites?limit=%f", None),
    ("/v1/invites?%ff=1", None),
    ("/v1/invites?x", None),
    ("/v1/api-keys?limit=0", "limit"),
    ("/v1/api-keys?secret=1", "secret"),
    ("/v1/audit-events?limit=101", "limit"),
]


@pytest.mark.parametrize(("path", "param"), QUERIES)
def test_bad_queries(api, path, param):
    assert_error(api.get(path), 400, "invalid_request", param)


def test_unknown_parameters_on_other_methods(api, widget):
    invite = api.mint()
    assert_error(api.post("/v1/invites?dry_run=1", GOOD), 400, "invalid_request", "dry_run")
    assert_error(api.delete(f"/v1/invites/{invite['id']}?force=1"), 400, "invalid_request", "force")
    assert api.get(f"/v1/invites/{invite['id']}").json()["status"] == "pending"
    answer = widget.call("POST", f"/v1/widget/sessions?invite_token={invite['invite_token']}", json={})
    assert_error(answer, 400, "invalid_request")
    assert invite["invite_token"] not in answer.text


def test_tokens_in_urls_are_refused(api, widget):
    token = widget.open(api.mint()["invite_token"])["participant_token"]
    for name in ("token", "access_token", "participant_token"):
        answer = widget.call("GET", f"/v1/widget/session?{name}={token}")
        assert answer.status_code in (400, 401) and token not in answer.text
    assert api.call("GET", f"/v1/invites?api_key={api.key}").status_code == 400


def test_cursors_are_checked(api):
    camp = campaign()
    for _ in range(3):
        api.mint(camp)
    cursor = api.get("/v1/invites", params={"campaign_id": camp, "limit": 1}).json()["next_cursor"]
    for bad in (cursor + "A", cursor[:-1], cursor.upper() + "!", "../" + cursor):
        answer = api.get("/v1/invites", params={"campaign_id": camp, "cursor": bad})
        assert answer.status_code in (400, 200), bad
        if answer.status_code == 200:  # a cursor may be any position, but never another tenant's rows
            assert all(item["campaign_id"] == camp for item in answer.json()["data"])
        else:
            assert_error(answer, 400, "invalid_request", "cursor")


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonx",
        "application/json5",
        "json",
        "*/*",
        "",
    ],
)
def test_content_types_that_are_not_json(api, widget, kind):
    headers = {} if kind is None else {"Content-Type": kind}
    data = json.dumps(GOOD).encode()
    assert_error(api.call("POST", "/v1/invites", data=data, headers=headers), 415, "unsupported_media_type")
    data = json.dumps({"invite_token": "x"}).encode()
    assert_error(widget.call("POST", "/v1/widget/sessions", data=data, headers=headers), 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "kind",
    ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8", "application/json;charset=UTF-8"],
)
def test_content_types_that_are_json(api, kind):
    answer = api.call("POST", "/v1/invites", data=json.dumps(GOOD).encode(), headers={"Content-Type": kind})
    assert answer.status_code == 201


def test_compressed_bodies_are_refused(api):
    import gzip

    data = gzip.compress(json.dumps(GOOD).encode())
    answer = api.call("POST", "/v1/invites", data=data, headers={**JSON, "Content-Encoding": "gzip"})
    assert_error(answer, [400, 415])


@pytest.mark.parametrize(
    "path",
    [
        "/", "/v1", "/v1/", "/v1/invites/", "/v2/invites", "/V1/invites", "/v1//invites", "/v1/invites/a/b", "/v1/widget",
        "/v1/invites%2Fbatch", "/v1/./invites", "/v1/x/../invites", "/etc/passwd", "/.git/config",
    ],
)  # fmt: skip
def test_paths_that_are_no_routes(service, path):
    """Sent as they are: `requests` would tidy them up."""
    import wire

    with wire.Wire(service.address) as conn:
        answer = conn.ask(wire.request("GET", path, headers={"Authorization": f"Bearer {service.deployment.secret}"}))
        assert answer.status in (400, 404), (path, answer)
        assert answer.json()["error"]["status"] == answer.status


@pytest.mark.parametrize(
    "bad",
    [
        "x",
        "inv_",
        "inv_x",
        "..",
        "%2e%2e",
        "inv_" + "z" * 26,
        "INV_01dxf6dt00f8s8kxz8c6w1xq3v",
        "a" * 3_000,
        "%00",
        "'--",
    ],
)
def test_ids_that_are_none(api, bad):
    for method in ("GET", "DELETE"):
        answer = api.call(method, f"/v1/invites/{bad}")
        assert_error(answer, [400, 404, 405])


# -- walls -----------------------------------------------------------------------------------------


def test_ids_that_do_not_exist(api):
    invite, other = formats.unknown_id("inv"), api.mint()["id"].replace("inv_", "key_")
    for path in (f"/v1/invites/{invite}", f"/v1/invites/{other}", f"/v1/api-keys/{formats.unknown_id('key')}"):
        assert_error(api.get(path), 404, "not_found")
        assert_error(api.delete(path), 404, "not_found")


def test_another_deployments_key_opens_nothing(service, stranger):
    key = stranger.deployment.secret
    for header in ("bearer", "x-api-key"):
        assert_error(service.api(key, header).get("/v1/invites"), 401, "unauthorized")


def test_another_deployments_ids_are_unknown(api, stranger):
    theirs = stranger.api()
    invite = theirs.mint()
    assert_error(api.get(f"/v1/invites/{invite['id']}"), 404, "not_found")
    assert_error(api.delete(f"/v1/invites/{invite['id']}"), 404, "not_found")
    assert_error(api.get(f"/v1/api-keys/{stranger.deployment.key_id}"), 404, "not_found")
    assert_error(api.delete(f"/v1/api-keys/{stranger.deployment.key_id}"), 404, "not_found")
    assert theirs.get(f"/v1/invites/{invite['id']}").json()["status"] == "pending"


@pytest.fixture(scope="module")
def two_environments(tmp_path_factory):
    """One deployment with an admin key of each environment: the live one by `init`, the test one by `key create`."""
    import cli

    made = harness.Deployment(harness.fresh_directory(tmp_path_factory.mktemp("two")), environment="live")
    scopes = [
        f"{resource}:{action}" for resource in ("invites", "tokens", "keys") for action in ("read", "write", "delete")
    ] + ["audit:read"]
    key = cli.create_key(made, name="test side", scopes=scopes, kind="admin", environment="test")
    with harness.Service(made) as running:
        yield running, running.api(), running.api(key["secret"]), key["id"]


def test_environments_do_not_see_each_other(two_environments):
    running, live, test, test_key_id = two_environments
    widget = running.widget()
    address = email()
    camp = campaign()
    invite = live.mint(camp, address)
    assert invite["environment"] == "live"
    session = widget.open(live.mint(camp, address, max_uses=2)["invite_token"])
    made = live.make_key(["invites:read"])

    for path in (f"/v1/invites/{invite['id']}", f"/v1/api-keys/{made['id']}"):
        assert_error(test.get(path), 404, "not_found")
        assert_error(test.delete(path), 404, "not_found")
    for filters in ({}, {"campaign_id": camp}, {"participant_email": address}):
        assert test.pages("/v1/invites", **filters) == []
    assert made["id"] not in {item["id"] for item in test.pages("/v1/api-keys")}
    for token in (invite["invite_token"], session["participant_token"]):
        assert test.code_of(token) == "invalid_token"
        assert test.introspect(token) == {"active": False}
        assert live.code_of(token) == "valid"
    assert invite["id"] not in test.get("/v1/audit-events", params={"limit": 100}).text

    # Cut-offs of one environment reach nothing of the other.
    for body in (
        {"invite_id": invite["id"]},
        {"session_id": session["session_id"]},
        {"token": session["participant_token"]},
        {"api_key_id": running.deployment.key_id},
        {"participant_email": address},
        {"campaign_id": camp},
    ):
        preview = test.post("/v1/revocations", body, params={"preview": "true"})
        assert preview.status_code in (200, 400, 401, 404)
        if preview.status_code == 200:
            assert set(formats.integers_in(preview.json())) <= {0}, (body, preview.text)
        assert test.post("/v1/revocations", body).status_code in (201, 400, 401, 404)
    assert live.code_of(invite["invite_token"]) == "valid"
    assert widget.validate(session["participant_token"]).status_code == 200
    assert live.get("/v1/invites").status_code == 200


def test_environments_have_their_own_prefix_and_pseudonyms(two_environments):
    running, live, test, _ = two_environments
    assert live.key.startswith("ts_live_") and test.key.startswith("ts_test_")
    address = email()
    subjects, widget = [], running.widget()
    for side in (live, test):
        session = widget.open(side.mint("camp", address)["invite_token"])
        seen = widget.validate(session["participant_token"]).json()
        subjects.append(seen["subject"])
        assert formats.claims_of(session["participant_token"])["env"] == seen["environment"]
    assert subjects[0] != subjects[1]


def test_forward_auth_must_name_its_place_where_two_environments_hold_keys(two_environments):
    running, live, test, _ = two_environments
    widget = running.widget()
    token = widget.open(test.mint("camp_a")["invite_token"])["participant_token"]
    assert widget.forward_auth(token, campaign_id="camp_a").status_code in (400, 401)
    where = {"workspace_id": running.deployment.workspace_id, "campaign_id": "camp_a"}
    assert widget.forward_auth(token, environment="test", **where).status_code == 204
    assert widget.forward_auth(token, environment="live", **where).status_code == 401


@pytest.mark.parametrize(("made", "served"), [("test", "live"), ("live", "test")])
def test_a_service_of_one_environment_answers_keys_of_the_other_401(tmp_path, made, served):
    deployment = harness.Deployment(harness.fresh_directory(tmp_path), environment=made)
    with harness.Service(deployment, "--environment", served) as running:
        assert_error(running.api().get("/v1/invites"), 401, "unauthorized")


def test_after_all_that_the_service_is_well(service, api, widget):
    assert service.process.poll() is None
    widget.open(api.mint()["invite_token"])
