"""API keys by the API: shown once, checksummed, scoped, ended; and the audit events of all that."""

import json
import time

import pytest

import formats
from harness import assert_error, campaign, email, wait_until

KEY_MEMBERS = {
    "id", "name", "kind", "prefix", "last4", "scopes", "environment", "status", "expires_at", "ip_allowlist",
    "created_at", "last_used_at",
}  # fmt: skip


def listed(api):
    return {item["id"]: item for item in api.pages("/v1/api-keys", limit=100)}


def test_the_first_key_has_the_promised_format(deployment):
    secret = deployment.secret
    assert secret.startswith("ts_test_") and len(secret) == len("ts_test_") + 43
    assert all(character in formats.BASE62 for character in secret[8:])
    assert secret[-6:] == formats.key_checksum(secret[:-6])
    assert formats.is_id(deployment.key_id, "key") and formats.is_id(deployment.workspace_id, "ws")


def test_create_list_get_delete(service, api, widget):
    answer = api.post("/v1/api-keys", {"name": "ats-sync-prod", "scopes": ["invites:write", "invites:read"]})
    assert answer.status_code == 201 and "no-store" in answer.headers["Cache-Control"]
    made = answer.json()
    assert KEY_MEMBERS | {"secret"} <= set(made)
    secret = made["secret"]
    assert secret == formats.key_with_checksum("ts_test_", secret[8:45])
    assert (made["name"], made["kind"], made["status"]) == ("ats-sync-prod", "standard", "active")
    assert made["environment"] == "test" and sorted(made["scopes"]) == ["invites:read", "invites:write"]
    assert made["last4"] == secret[-4:] and made["prefix"] == f"ts_test_...{secret[-4:]}"
    assert made["last_used_at"] is None and made["expires_at"] is None
    formats.instant(made["created_at"])

    item = listed(api)[made["id"]]
    single = api.get(f"/v1/api-keys/{made['id']}")
    assert KEY_MEMBERS <= set(item) and "secret" not in item and "secret" not in single.json()
    assert secret not in single.text and secret[8:-6] not in api.get("/v1/api-keys", params={"limit": 100}).text

    theirs = service.api(secret)
    invite = theirs.mint()
    session = widget.open(theirs.mint()["invite_token"])
    assert api.delete(f"/v1/api-keys/{made['id']}").status_code == 204
    for _ in range(4):
        assert_error(theirs.get("/v1/invites"), 401, "unauthorized")
    assert api.get(f"/v1/api-keys/{made['id']}").json()["status"] == "revoked"
    assert api.delete(f"/v1/api-keys/{made['id']}").status_code == 204

    # The key alone has ended: what it minted lives.
    widget.open(invite["invite_token"])
    assert widget.validate(session["participant_token"]).status_code == 200


def test_delete_with_family_ends_what_the_key_minted(service, api, widget):
    made = api.make_key(["invites:write"])
    theirs = service.api(made["secret"])
    invite, used = theirs.mint(), theirs.mint()
    session = widget.open(used["invite_token"])
    assert api.delete(f"/v1/api-keys/{made['id']}", params={"family": "true"}).status_code == 204
    assert_error(theirs.get("/v1/invites"), 401)
    assert_error(widget.redeem(invite["invite_token"]), 410, "invite_revoked")
    assert_error(widget.validate(session["participant_token"]), 410, "token_revoked")


def test_a_revoked_key_dies_on_every_connection_at_once(service, api):
    made = api.make_key(["invites:read"])
    clients = [service.api(made["secret"]) for _ in range(12)]
    for client in clients:
        assert client.get("/v1/invites").status_code == 200
    assert api.delete(f"/v1/api-keys/{made['id']}").status_code == 204
    for client in clients:
        assert_error(client.get("/v1/invites"), 401, "unauthorized")
        client.close()


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (["invites.read"], ["invites:read"]),
        (["read:invites"], ["invites:read"]),
        (["invites:read", "invites.read", "read:invites"], ["invites:read"]),
        (["tokens:write", "write:invites"], ["invites:write", "tokens:write"]),
    ],
)
def test_three_spellings_of_scopes_are_one(service, api, given, stored):
    made = api.make_key(given)
    assert sorted(made["scopes"]) == stored
    assert sorted(api.get(f"/v1/api-keys/{made['id']}").json()["scopes"]) == stored


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, None),
        ({"name": "n"}, "scopes"),
        ({"scopes": ["invites:read"]}, "name"),
        ({"name": "", "scopes": ["invites:read"]}, "name"),
        ({"name": 1, "scopes": ["invites:read"]}, "name"),
        ({"name": "n" * 5_000, "scopes": ["invites:read"]}, "name"),
        ({"name": "n", "scopes": "invites:read"}, "scopes"),
        ({"name": "n", "scopes": ["invites"]}, "scopes"),
        ({"name": "n", "scopes": ["invites:everything"]}, "scopes"),
        ({"name": "n", "scopes": ["*"]}, "scopes"),
        ({"name": "n", "scopes": ["invites:read:write"]}, "scopes"),
        ({"name": "n", "scopes": [1]}, "scopes"),
        ({"name": "n", "scopes": ["invites:read"], "kind": "root"}, "kind"),
        ({"name": "n", "scopes": ["invites:read"], "environment": "staging"}, "environment"),
        ({"name": "n", "scopes": ["invites:read"], "expires_at": "tomorrow"}, "expires_at"),
        ({"name": "n", "scopes": ["invites:read"], "expires_at": 1}, "expires_at"),
        ({"name": "n", "scopes": ["invites:read"], "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "n", "scopes": ["invites:read"], "secret": "x"}, "secret"),
        ({"name": "n", "scopes": ["invites:read"], "workspace_id": "ws_x"}, "workspace_id"),
        ({"name": "n", "scopes": ["invites:read"], "status": "active"}, "status"),
    ],
)
def test_bad_keys_are_refused(api, body, param):
    before = len(listed(api))
    assert_error(api.post("/v1/api-keys", body), 400, "invalid_request", param)
    assert len(listed(api)) == before


def test_a_new_key_never_exceeds_its_maker(service, api):
    maker = service.api(api.make_key(["keys:write", "invites:read"], kind="admin")["secret"])
    equal = maker.post("/v1/api-keys", {"name": "equal", "scopes": ["invites:read"]})
    assert equal.status_code == 201
    for more in (
        {"scopes": ["invites:read", "invites:write"]},
        {"scopes": ["invites:read"], "kind": "platform"},
        {"scopes": ["invites:read"], "environment": "live"},
    ):
        assert_error(maker.post("/v1/api-keys", {"name": "more", **more}), 403, "forbidden")
    assert_error(
        api.post("/v1/api-keys", {"name": "p", "scopes": ["workspaces:read"], "kind": "platform"}), 403, "forbidden"
    )


def test_admin_scopes_stay_with_admin_keys(api):
    for scope in ("keys:write", "policies:write", "workspaces:read", "signing_keys:read"):
        answer = api.post("/v1/api-keys", {"name": "standard", "scopes": [scope]})
        assert_error(answer, [400, 403, 422], note=scope)


def test_keys_that_do_not_exist(api):
    for path in (f"/v1/api-keys/{formats.unknown_id('key')}", f"/v1/api-keys/{formats.unknown_id('inv')}"):
        assert_error(api.get(path), 404, "not_found")
        assert_error(api.delete(path), 404, "not_found")


# -- audit ---------------------------------------------------------------------------------


def events(api, **filters):
    return api.pages("/v1/audit-events", limit=100, **filters)


def test_the_audit_tells_who_did_what(service, api, widget):
    made = api.make_key(["invites:write", "invites:delete"], name="embed-widget-staging")
    theirs = service.api(made["secret"])
    invite = theirs.mint()
    session = widget.open(invite["invite_token"])
    widget.end(session["participant_token"])
    theirs.delete(f"/v1/invites/{invite['id']}")
    cut = api.post("/v1/revocations", {"campaign_id": campaign()}).json()
    api.delete(f"/v1/api-keys/{made['id']}")
    assert theirs.get("/v1/invites").status_code == 401

    everything = events(api)
    assert all(formats.is_id(item["id"], "evt") for item in everything)
    assert len({item["id"] for item in everything}) == len(everything)
    of_target = {item["type"] for item in events(api, target=invite["id"])}
    assert {"invite.created", "invite.redeemed", "invite.revoked"} <= of_target
    assert "session.ended" in {item["type"] for item in events(api, type="session.ended")}
    assert {"key.created", "key.revoked"} <= {item["type"] for item in events(api, target=made["id"])}
    assert "revocation.created" in {item["type"] for item in events(api, target=cut["id"])}
    by_key = {item["type"] for item in events(api, actor=made["id"])}
    assert {"invite.created", "invite.revoked"} <= by_key and "key.created" not in by_key
    for kind in ("invite.created", "key.created", "auth.failed"):
        only = events(api, type=kind)
        assert only and {item["type"] for item in only} == {kind}


def test_the_audit_is_newest_first_and_holds_no_secret(api):
    invite = api.mint(participant_email=email())
    answer = api.get("/v1/audit-events", params={"limit": 50})
    assert answer.status_code == 200
    data = answer.json()["data"]
    assert invite["id"] in answer.text
    assert invite["participant_email"] not in answer.text and "canary-mail" not in answer.text
    assert invite["invite_token"] not in answer.text and "eyJhbGciOi" not in answer.text
    assert data[0]["type"].count(".") == 1
    times = [
        formats.instant(next(item[name] for name in item if name == "at" or name.endswith("_at"))) for item in data
    ]
    assert times == sorted(times, reverse=True)


def test_the_audit_by_time_and_as_lines(api):
    invite = api.mint()
    at = invite["created_at"]
    since = events(api, since=at, target=invite["id"])
    assert [item["type"] for item in since] == ["invite.created"]
    assert events(api, until="2020-01-01T00:00:00Z") == []
    lines = api.get("/v1/audit-events", params={"target": invite["id"]}, headers={"Accept": "application/x-ndjson"})
    assert lines.status_code == 200 and lines.headers["Content-Type"].startswith("application/x-ndjson")
    parsed = [json.loads(line) for line in lines.text.splitlines() if line]
    assert [item["type"] for item in parsed] == ["invite.created"]


@pytest.mark.parametrize(
    ("params", "param"),
    [({"since": "yesterday"}, "since"), ({"until": "1"}, "until"), ({"limit": "0"}, "limit"), ({"who": "me"}, "who")],
)
def test_bad_audit_questions(api, params, param):
    assert_error(api.get("/v1/audit-events", params=params), 400, "invalid_request", param)


def test_a_key_in_a_browser_leaves_an_event(service, api):
    made = api.make_key(["invites:read"])
    leaked = service.api(made["secret"])
    assert_error(leaked.get("/v1/invites", headers={"Origin": "https://shop.example"}), 403, "key_in_browser")
    found = events(api, actor=made["id"]) + events(api, target=made["id"])
    assert [item for item in found if "browser" in str(item) or item["type"] == "auth.failed"], found


# -- beyond the main job ------------------------------------------------------------------------


def test_last_use_is_told(service, api):
    made = api.make_key(["invites:read"])
    client = service.api(made["secret"])
    assert client.get("/v1/invites").status_code == 200
    used = wait_until(
        "last_used_at is filled", lambda: api.get(f"/v1/api-keys/{made['id']}").json()["last_used_at"], seconds=75
    )
    assert formats.instant(used) <= time.time() + 1


def test_addresses_of_a_key(service, api):
    made = api.make_key(["invites:read"], ip_allowlist=["10.0.0.0/8"])
    assert_error(service.api(made["secret"]).get("/v1/invites"), 403, "ip_not_allowed")
    forwarded = {"X-Forwarded-For": "10.1.2.3", "Forwarded": "for=10.1.2.3", "X-Real-IP": "10.1.2.3"}
    assert_error(service.api(made["secret"]).get("/v1/invites", headers=forwarded), 403, "ip_not_allowed")
    near = api.make_key(["invites:read"], ip_allowlist=["127.0.0.0/8"])
    assert service.api(near["secret"]).get("/v1/invites").status_code == 200


def test_suspend_resume_rotate(service, api, widget):
    made = api.make_key(["invites:write", "invites:read"])
    client = service.api(made["secret"])
    invite = client.mint()
    assert api.post(f"/v1/api-keys/{made['id']}/suspend").status_code == 200
    assert_error(client.get("/v1/invites"), 401, "unauthorized")
    assert api.get(f"/v1/api-keys/{made['id']}").json()["status"] == "suspended"
    assert api.post(f"/v1/api-keys/{made['id']}/resume").status_code == 200
    assert client.get("/v1/invites").status_code == 200
    rotated = api.post(f"/v1/api-keys/{made['id']}/rotate", {})
    assert rotated.status_code == 201
    new = rotated.json()
    assert new["id"] != made["id"] and new["secret"] != made["secret"]
    assert sorted(new["scopes"]) == sorted(made["scopes"]) and new["kind"] == made["kind"]
    for secret in (made["secret"], new["secret"]):
        assert service.api(secret).get("/v1/invites").status_code == 200
    widget.open(invite["invite_token"])


def test_self_revoke_needs_no_credential(service, api):
    made = api.make_key(["invites:read"])
    finder = service.api(key="")
    for key in (formats.key_with_checksum("ts_test_", "d" * 37), made["secret"], made["secret"]):
        assert finder.post("/v1/api-keys/self-revoke", {"key": key}).status_code == 204
    assert_error(service.api(made["secret"]).get("/v1/invites"), 401, "unauthorized")


def test_sister_services_check_keys(api):
    made = api.make_key(["invites:read"])
    good = api.post("/v1/api-keys/verify", {"key": made["secret"], "scope": "invites:read"}).json()
    assert good["valid"] is True and good["key_id"] == made["id"]
    bad = api.post("/v1/api-keys/verify", {"key": made["secret"], "scope": "invites:write"}).json()
    assert bad["valid"] is False
