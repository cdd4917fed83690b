"""The main job from end to end: key, invite, redeem, validate, renew, end; and every backend route on the way."""

import re
import threading

import pytest

import formats
import harness
from harness import assert_error, campaign, email, nonce

INVITE_MEMBERS = {
    "id", "campaign_id", "participant_email", "environment", "status", "uses", "max_uses",
    "expires_at", "expires_in", "created_at", "metadata",
}  # fmt: skip
SESSION_MEMBERS = {
    "session_id", "participant_token", "token_type", "expires_in", "expires_at", "renew_until", "campaign_id", "subject",
}  # fmt: skip
VERIFY_MEMBERS = {
    "valid", "code", "kind", "workspace_id", "environment", "campaign_id", "participant_email", "subject",
    "session_id", "invite_id", "issued_at", "expires_at",
}  # fmt: skip


def no_store(answer):
    return "no-store" in answer.headers.get("Cache-Control", "")


# -- one invite's life -------------------------------------------------------


def test_S47_S50_mint_redeem_validate_renew_end(service, deployment, api, widget):
    camp = campaign()
    minted = api.post("/v1/invites", {"campaign_id": camp, "participant_email": "Ada.L@Canary-Mail.Example"})
    assert minted.status_code == 201 and no_store(minted)
    invite = minted.json()
    assert INVITE_MEMBERS | {"invite_token"} <= set(invite)
    assert formats.is_id(invite["id"], "inv")
    assert invite["campaign_id"] == camp
    assert invite["participant_email"] == "ada.l@canary-mail.example"
    assert (invite["environment"], invite["status"], invite["uses"], invite["max_uses"]) == ("test", "pending", 0, 1)
    assert invite["expires_in"] == 86_400
    lived = formats.instant(invite["expires_at"]) - formats.instant(invite["created_at"])
    assert abs(lived - 86_400) <= 1

    redeemed = widget.redeem(invite["invite_token"])
    assert redeemed.status_code == 201 and no_store(redeemed)
    session = redeemed.json()
    assert SESSION_MEMBERS <= set(session)
    assert formats.is_id(session["session_id"], "ses")
    assert session["token_type"].lower() == "bearer"
    assert session["expires_in"] == 900
    assert session["campaign_id"] == camp
    assert formats.SUBJECT.match(session["subject"])
    ahead = formats.instant(session["renew_until"]) - formats.instant(session["expires_at"])
    assert abs(ahead - (4 * 3600 - 900)) <= 2

    validated = widget.validate(session["participant_token"])
    assert validated.status_code == 200
    seen = validated.json()
    assert seen["valid"] is True
    assert seen["workspace_id"] == deployment.workspace_id
    assert seen["environment"] == "test"
    assert seen["campaign_id"] == camp
    assert seen["participant_email"] == "ada.l@canary-mail.example"
    for member in ("subject", "session_id", "expires_at", "renew_until"):
        assert seen[member] == session[member], member

    renewed = widget.renew(session["participant_token"])
    assert renewed.status_code == 200 and no_store(renewed)
    fresh_token = renewed.json()["participant_token"]
    old, new = formats.claims_of(session["participant_token"]), formats.claims_of(fresh_token)
    assert new["jti"] != old["jti"]
    for claim in ("iss", "aud", "sub", "env", "campaign_id", "sid", "rev"):
        assert new[claim] == old[claim], claim
    again = widget.validate(fresh_token).json()
    assert again["valid"] is True and again["renew_until"] == session["renew_until"]

    assert widget.end(fresh_token).status_code == 204
    for token in (fresh_token, session["participant_token"]):
        assert_error(widget.validate(token), 410, "session_ended")
        assert_error(widget.renew(token), 410, "session_ended")
        assert api.code_of(token) == "session_ended"

    stored = api.get(f"/v1/invites/{invite['id']}").json()
    assert INVITE_MEMBERS <= set(stored)
    assert (stored["status"], stored["uses"]) == ("redeemed", 1)
    assert "invite_token" not in stored


def test_the_second_redeem_is_refused(api, widget):
    token = api.mint()["invite_token"]
    widget.open(token)
    assert_error(widget.redeem(token), 409, "invite_used")
    assert_error(widget.redeem(token, nonce()), 409, "invite_used")


def test_ending_twice_harms_nobody(api, widget):
    token = widget.open(api.mint()["invite_token"])["participant_token"]
    assert widget.end(token).status_code == 204
    assert widget.end(token).status_code in (204, 410)
    assert_error(widget.validate(token), 410, "session_ended")


def test_an_end_kills_one_session_only(api, widget):
    address = email()
    first = widget.open(api.mint(participant_email=address)["invite_token"])
    second = widget.open(api.mint(participant_email=address)["invite_token"])
    assert widget.end(first["participant_token"]).status_code == 204
    assert widget.validate(second["participant_token"]).status_code == 200


def test_several_uses_are_counted(api, widget):
    invite = api.mint(max_uses=3)
    sessions = [widget.open(invite["invite_token"], nonce()) for _ in range(3)]
    assert len({session["session_id"] for session in sessions}) == 3
    assert_error(widget.redeem(invite["invite_token"], nonce()), 409, "invite_used")
    stored = api.get(f"/v1/invites/{invite['id']}").json()
    assert (stored["uses"], stored["max_uses"], stored["status"]) == (3, 3, "redeemed")
    for session in sessions:
        assert widget.validate(session["participant_token"]).status_code == 200


def test_a_half_used_invite_is_pending(api, widget):
    invite = api.mint(max_uses=2)
    widget.open(invite["invite_token"])
    stored = api.get(f"/v1/invites/{invite['id']}").json()
    assert (stored["uses"], stored["status"]) == (1, "pending")
    assert api.code_of(invite["invite_token"]) == "valid"


def test_lifetime_and_metadata_are_kept(api):
    metadata = {"ats": "greenhouse", "ref": "ü-42"}
    invite = api.mint(expires_in=60, metadata=metadata)
    assert invite["expires_in"] == 60 and invite["metadata"] == metadata
    assert api.get(f"/v1/invites/{invite['id']}").json()["metadata"] == metadata
    assert api.mint(expires_in=604_800)["expires_in"] == 604_800
    claims = formats.claims_of(invite["invite_token"])
    assert claims["exp"] - claims["iat"] == 60


def test_the_same_person_has_the_same_subject_per_environment(api, widget):
    one, two = email(), email()
    subjects = [
        widget.open(api.mint(participant_email=address)["invite_token"])["subject"]
        for address in (one, one.upper(), two)
    ]
    assert subjects[0] == subjects[1] != subjects[2]


# -- the holder's second try ---------------------------------------------------


def test_the_same_holder_may_ask_again(api, widget):
    invite, mine = api.mint(), nonce()
    first = widget.open(invite["invite_token"], mine)
    second = widget.redeem(invite["invite_token"], mine)
    assert second.status_code == 200 and no_store(second)
    again = second.json()
    assert (again["session_id"], again["renew_until"]) == (first["session_id"], first["renew_until"])
    assert again["subject"] == first["subject"]
    assert formats.claims_of(again["participant_token"])["jti"] != formats.claims_of(first["participant_token"])["jti"]
    assert widget.validate(again["participant_token"]).status_code == 200
    assert api.get(f"/v1/invites/{invite['id']}").json()["uses"] == 1


def test_another_or_no_nonce_is_a_stranger(api, widget):
    token = api.mint()["invite_token"]
    widget.open(token, nonce())
    assert_error(widget.redeem(token, nonce()), 409, "invite_used")
    assert_error(widget.redeem(token), 409, "invite_used")


def test_a_redeem_without_nonce_cannot_be_claimed_later(api, widget):
    token = api.mint()["invite_token"]
    widget.open(token)
    assert_error(widget.redeem(token, nonce()), 409, "invite_used")


def test_asking_again_after_the_end_is_gone(api, widget):
    invite, mine = api.mint(), nonce()
    session = widget.open(invite["invite_token"], mine)
    assert widget.end(session["participant_token"]).status_code == 204
    assert_error(widget.redeem(invite["invite_token"], mine), 410, "session_ended")


def test_asking_again_after_the_revocation_is_gone(api, widget):
    invite, mine = api.mint(), nonce()
    widget.open(invite["invite_token"], mine)
    assert api.delete(f"/v1/invites/{invite['id']}").status_code == 204
    assert_error(widget.redeem(invite["invite_token"], mine), 410, "invite_revoked")


def test_asking_again_counts_no_use_of_many(api, widget):
    invite, mine = api.mint(max_uses=2), nonce()
    first = widget.open(invite["invite_token"], mine)
    assert widget.redeem(invite["invite_token"], mine).json()["session_id"] == first["session_id"]
    other = widget.open(invite["invite_token"], nonce())
    assert other["session_id"] != first["session_id"]
    assert api.get(f"/v1/invites/{invite['id']}").json()["uses"] == 2


# -- batch --------------------------------------------------------------------


def test_a_batch_answers_each_item_in_order(api, widget):
    camp = campaign()
    items = [
        {"campaign_id": camp, "participant_email": email()},
        {"campaign_id": "not a campaign", "participant_email": email()},
        {"campaign_id": camp},
        {"campaign_id": camp, "participant_email": email(), "admin": True},
        {"campaign_id": camp, "participant_email": email(), "expires_in": 59},
        {"campaign_id": camp, "participant_email": email(), "expires_in": 120},
    ]
    answer = api.post("/v1/invites/batch", {"invites": items})
    assert answer.status_code == 200 and no_store(answer)
    results = answer.json()["results"]
    assert [sorted(result)[0] for result in results] == ["invite", "error", "error", "error", "error", "invite"]
    for at, param in ((1, "campaign_id"), (2, "participant_email"), (3, "admin")):
        assert results[at]["error"]["param"].rsplit(".", 1)[-1] == param, "with or without the place in the list"
    assert results[4]["error"]["code"] == "policy_violation"
    for at in (0, 5):
        invite = results[at]["invite"]
        assert INVITE_MEMBERS | {"invite_token"} <= set(invite)
        assert invite["participant_email"] == items[at]["participant_email"]
        widget.open(invite["invite_token"])
    assert len(api.pages("/v1/invites", campaign_id=camp)) == 2


def test_a_thousand_at_once_and_not_one_more(api):
    camp = campaign()
    items = [{"campaign_id": camp, "participant_email": email()} for _ in range(1_000)]
    results = api.post("/v1/invites/batch", {"invites": items}).json()["results"]
    assert len({result["invite"]["id"] for result in results}) == 1_000
    assert [result["invite"]["participant_email"] for result in results] == [
        item["participant_email"] for item in items
    ]
    too_many = api.post("/v1/invites/batch", {"invites": [*items, items[0]]})
    assert_error(too_many, 400, "invalid_request", "invites")
    assert len(api.pages("/v1/invites", campaign_id=camp, limit=100)) == 1_000


# -- lists --------------------------------------------------------------------


def test_lists_page_newest_first_without_gaps(api):
    camp = campaign()
    made = [api.mint(camp)["id"] for _ in range(23)]
    first = api.get("/v1/invites", params={"campaign_id": camp}).json()
    assert len(first["data"]) == 20 and first["has_more"] is True
    for limit in (1, 7, 23, 100):
        listed = [item["id"] for item in api.pages("/v1/invites", campaign_id=camp, limit=limit)]
        assert listed == made[::-1], limit
    everything = api.get("/v1/invites", params={"campaign_id": camp, "limit": 23}).json()
    assert everything["has_more"] is False and everything["next_cursor"] is None


def test_a_mint_between_pages_moves_nothing(api):
    camp = campaign()
    made = [api.mint(camp)["id"] for _ in range(6)]
    page = api.get("/v1/invites", params={"campaign_id": camp, "limit": 3}).json()
    api.mint(camp)
    rest = api.get("/v1/invites", params={"campaign_id": camp, "limit": 100, "cursor": page["next_cursor"]}).json()
    assert [item["id"] for item in page["data"] + rest["data"]] == made[::-1]


def test_lists_filter_by_address_campaign_and_status(api, widget):
    camp, address = campaign(), email()
    pending = api.mint(camp, address)
    used = api.mint(camp, address)
    widget.open(used["invite_token"])
    revoked = api.mint(camp, email())
    assert api.delete(f"/v1/invites/{revoked['id']}").status_code == 204
    elsewhere = api.mint(campaign(), address)

    def ids(**filters):
        return {item["id"] for item in api.pages("/v1/invites", **filters)}

    assert ids(campaign_id=camp) == {pending["id"], used["id"], revoked["id"]}
    assert ids(participant_email=address) == {pending["id"], used["id"], elsewhere["id"]}
    assert ids(participant_email=address.upper()) == ids(participant_email=address)
    assert ids(campaign_id=camp, participant_email=address) == {pending["id"], used["id"]}
    assert ids(campaign_id=camp, status="pending") == {pending["id"]}
    assert ids(campaign_id=camp, status="redeemed") == {used["id"]}
    assert ids(campaign_id=camp, status="revoked") == {revoked["id"]}
    assert ids(campaign_id=camp, status="expired") == set()
    assert ids(campaign_id=campaign()) == set()
    assert ids(participant_email=email()) == set()


def test_a_list_by_address_is_complete_at_once(api):
    address = email()
    for count in range(1, 8):
        api.mint(participant_email=address)
        assert len(api.pages("/v1/invites", participant_email=address)) == count


def test_lists_hold_no_token(api):
    camp = campaign()
    api.mint(camp)
    text = api.get("/v1/invites", params={"campaign_id": camp}).text
    assert "invite_token" not in text and "eyJ" not in text


# -- get and revoke ---------------------------------------------------------------


def test_revoking_an_invite_kills_all_that_came_of_it(api, widget):
    invite = api.mint(max_uses=2)
    session = widget.open(invite["invite_token"])
    renewed = widget.renew(session["participant_token"]).json()["participant_token"]
    assert api.delete(f"/v1/invites/{invite['id']}").status_code == 204
    for token in (session["participant_token"], renewed):
        assert_error(widget.validate(token), 410, "token_revoked")
        assert_error(widget.renew(token), 410, ["token_revoked", "session_ended"])
        assert api.code_of(token) == "token_revoked"
    assert_error(widget.redeem(invite["invite_token"]), 410, "invite_revoked")
    assert api.code_of(invite["invite_token"]) == "invite_revoked"
    assert api.get(f"/v1/invites/{invite['id']}").json()["status"] == "revoked"
    assert api.delete(f"/v1/invites/{invite['id']}").status_code == 204


def test_revoked_wins_over_redeemed(api, widget):
    invite = api.mint()
    widget.open(invite["invite_token"])
    assert api.delete(f"/v1/invites/{invite['id']}").status_code == 204
    assert api.get(f"/v1/invites/{invite['id']}").json()["status"] == "revoked"


def test_a_revocation_holds_on_every_connection_at_once(service, api):
    invite = api.mint()
    widgets = [service.widget() for _ in range(12)]
    token = widgets[0].open(invite["invite_token"])["participant_token"]
    for client in widgets:
        assert client.validate(token).status_code == 200
    assert api.delete(f"/v1/invites/{invite['id']}").status_code == 204
    for client in widgets:
        assert_error(client.validate(token), 410, "token_revoked")
        client.close()


# -- sessions made by the back end ----------------------------------------------------


def test_a_session_without_an_invite(deployment, api, widget):
    camp, address = campaign(), email()
    answer = api.post("/v1/participant-tokens", {"campaign_id": camp, "participant_email": address, "expires_in": 120})
    assert answer.status_code == 201 and no_store(answer)
    session = answer.json()
    assert {"session_id", "participant_token", "token_type", "expires_in", "expires_at", "renew_until"} <= set(session)
    assert session["expires_in"] == 120
    seen = widget.validate(session["participant_token"]).json()
    assert (seen["campaign_id"], seen["participant_email"]) == (camp, address)
    verified = api.verify(session["participant_token"])
    assert verified["code"] == "valid" and verified["invite_id"] is None
    assert verified["session_id"] == session["session_id"]
    assert widget.renew(session["participant_token"]).status_code == 200
    assert widget.end(session["participant_token"]).status_code == 204
    assert_error(widget.validate(session["participant_token"]), 410, "session_ended")


# -- verify and introspect --------------------------------------------------------------


def test_verify_tells_all_of_a_good_token(deployment, api, widget):
    camp, address = campaign(), email()
    invite = api.mint(camp, address)
    seen = api.verify(invite["invite_token"])
    assert VERIFY_MEMBERS <= set(seen)
    assert (seen["valid"], seen["code"], seen["kind"]) == (True, "valid", "invite")
    assert seen["workspace_id"] == deployment.workspace_id and seen["environment"] == "test"
    assert (seen["campaign_id"], seen["participant_email"]) == (camp, address)
    assert seen["invite_id"] == invite["id"] and seen["session_id"] is None
    assert formats.instant(seen["expires_at"]) == formats.claims_of(invite["invite_token"])["exp"]
    assert formats.instant(seen["issued_at"]) == formats.claims_of(invite["invite_token"])["iat"]

    session = widget.open(invite["invite_token"])
    seen = api.verify(session["participant_token"])
    assert (seen["valid"], seen["code"], seen["kind"]) == (True, "valid", "participant")
    assert (seen["campaign_id"], seen["participant_email"]) == (camp, address)
    assert seen["session_id"] == session["session_id"] and seen["subject"] == session["subject"]
    assert seen["invite_id"] in (invite["id"], None)


def bad_tokens(api, widget):
    """Tokens by the code that verify must give them."""
    used = api.mint()
    widget.open(used["invite_token"])
    revoked = api.mint()
    revoked_session = widget.open(revoked["invite_token"])
    unused = api.mint()
    for invite in (revoked, unused):
        assert api.delete(f"/v1/invites/{invite['id']}").status_code == 204
    ended = widget.open(api.mint()["invite_token"])
    widget.end(ended["participant_token"])
    good = api.mint()["invite_token"]
    head, claims, signature = good.split(".")
    other = "A" if signature[10] != "A" else "B"
    return [
        ("invite_used", used["invite_token"]),
        ("invite_revoked", unused["invite_token"]),
        ("token_revoked", revoked_session["participant_token"]),
        ("session_ended", ended["participant_token"]),
        ("invalid_token", f"{head}.{claims}.{signature[:10]}{other}{signature[11:]}"),
        ("invalid_token", "garbage"),
        ("invalid_token", "a.b.c"),
        ("invalid_token", good + "="),
        ("invalid_token", api.key),
    ]


def test_verify_names_what_is_wrong_and_nothing_else(api, widget, stranger):
    foreign = stranger.api().mint()["invite_token"]
    for code, token in [*bad_tokens(api, widget), ("invalid_token", foreign)]:
        seen = api.verify(token)
        assert (seen["valid"], seen["code"]) == (False, code), (code, seen)
        assert set(seen) >= VERIFY_MEMBERS
        rest = {name: value for name, value in seen.items() if name not in ("valid", "code") and value is not None}
        assert rest == {}, (code, rest)


def test_introspection_tells_good_tokens(deployment, api, widget):
    invite = api.mint()
    claims = formats.claims_of(invite["invite_token"])
    seen = api.introspect(invite["invite_token"])
    assert seen["active"] is True
    for member in ("iss", "aud", "sub", "jti", "exp", "iat"):
        assert member not in seen or seen[member] == claims[member], member
    assert seen.get("exp") == claims["exp"]
    token = widget.open(invite["invite_token"])["participant_token"]
    assert api.introspect(token)["active"] is True
    hinted = api.post("/v1/tokens/introspect", data={"token": token, "token_type_hint": "access_token"})
    assert hinted.json()["active"] is True


def test_introspection_says_no_more_than_inactive(api, widget, stranger):
    foreign = stranger.api().mint()["invite_token"]
    for code, token in [*bad_tokens(api, widget), ("invalid_token", foreign)]:
        answer = api.post("/v1/tokens/introspect", data={"token": token})
        assert answer.status_code == 200 and answer.json() == {"active": False}, (code, answer.text)


def test_introspection_needs_a_key(service):
    answer = service.api(key="").post("/v1/tokens/introspect", data={"token": "x"})
    assert answer.status_code == 401


# -- forward-auth --------------------------------------------------------------------------


def test_S48_forward_auth_passes_only_the_token_of_this_campaign(deployment, api, widget):
    camp = campaign()
    session = widget.open(api.mint(camp)["invite_token"])
    token = session["participant_token"]
    where = {"workspace_id": deployment.workspace_id, "environment": "test", "campaign_id": camp}
    answer = widget.forward_auth(token, **where)
    assert answer.status_code == 204 and not answer.content
    assert answer.headers["X-Token-Workspace"] == deployment.workspace_id
    assert answer.headers["X-Token-Environment"] == "test"
    assert answer.headers["X-Token-Campaign"] == camp
    assert answer.headers["X-Token-Subject"] == session["subject"]
    assert answer.headers["X-Token-Session"] == session["session_id"]
    for wrong in (
        {**where, "campaign_id": campaign()},
        {**where, "environment": "live"},
        {**where, "workspace_id": formats.unknown_id("ws")},
    ):
        refused = widget.forward_auth(token, **wrong)
        assert refused.status_code == 401, wrong
        assert not [name for name in refused.headers if name.lower().startswith("x-token-")]
    assert widget.forward_auth(None, **where).status_code == 401
    assert widget.forward_auth(api.mint(camp)["invite_token"], **where).status_code == 401
    widget.end(token)
    assert widget.forward_auth(token, **where).status_code in (401, 410)


def test_forward_auth_may_leave_out_what_is_the_only_one(fresh):
    with harness.Service(fresh) as running:
        camp = campaign()
        token = running.widget().open(running.api().mint(camp)["invite_token"])["participant_token"]
        answer = running.widget().forward_auth(token, campaign_id=camp)
        assert answer.status_code == 204
        assert answer.headers["X-Token-Workspace"] == fresh.workspace_id
        assert running.widget().forward_auth(token, campaign_id=campaign()).status_code == 401


# -- the operator's side -------------------------------------------------------------------


def test_health_on_both_listeners_metrics_on_one(service, api):
    api.mint()
    for base in (service.url, service.admin_url):
        for path in ("/livez", "/readyz"):
            assert api.call("GET", path, base=base).status_code == 200
    metrics = api.call("GET", "/metrics", base=service.admin_url)
    assert metrics.status_code == 200 and metrics.headers["Content-Type"].startswith("text/plain")
    samples = [line for line in metrics.text.splitlines() if line and not line.startswith("#")]
    assert len(samples) >= 5
    for line in samples:
        assert re.match(r"^[a-zA-Z_:][a-zA-Z0-9_:]*(\{.*\})? [-+0-9.eEInfNa]+( \d+)?$", line), line
    assert api.get("/metrics").status_code == 404
    assert api.call("GET", "/v1/invites", base=service.admin_url).status_code in (401, 404)


def test_the_description_is_served(service, api):
    answer = api.call("GET", "/openapi.yaml")
    assert answer.status_code == 200 and "yaml" in answer.headers["Content-Type"]
    assert "openapi: 3.1" in answer.text
    same = answer.content == (harness.TOP / "openapi.yaml").read_bytes()
    assert same, "another openapi.yaml than the repository's: was the executable built from this tree?"


def test_everything_survives_a_restart(fresh):
    running = harness.Service(fresh)
    with running:
        api, widget = running.api(), running.widget()
        kept, revoked = api.mint(metadata={"a": "b"}), api.mint()
        api.delete(f"/v1/invites/{revoked['id']}")
        session, ended = widget.open(api.mint()["invite_token"]), widget.open(api.mint()["invite_token"])
        widget.end(ended["participant_token"])
    running.restart()
    try:
        api, widget = running.api(), running.widget()
        assert widget.validate(session["participant_token"]).status_code == 200
        assert_error(widget.validate(ended["participant_token"]), 410, "session_ended")
        assert_error(widget.redeem(revoked["invite_token"]), 410, "invite_revoked")
        assert api.get(f"/v1/invites/{kept['id']}").json()["metadata"] == {"a": "b"}
        widget.open(kept["invite_token"])
        running.stop()
    finally:
        running.kill()


def test_rate_limit_headers_on_every_answer_to_a_key(api):
    answers = [
        api.get("/v1/invites"),
        api.post("/v1/invites", {"campaign_id": "c", "participant_email": email()}),
        api.post("/v1/invites", {}),
        api.get(f"/v1/invites/{formats.unknown_id('inv')}"),
    ]
    for answer in answers:
        limit = int(answer.headers["X-RateLimit-Limit"])
        remaining = int(answer.headers["X-RateLimit-Remaining"])
        assert 0 <= remaining <= limit and limit == 10_000_000
        assert int(answer.headers["X-RateLimit-Reset"]) > 1_700_000_000
        assert answer.headers["RateLimit-Policy"] and answer.headers["RateLimit"]


def test_many_clients_at_once_mix_nothing_up(service):
    """Eight clients with a campaign each: every answer belongs to its asker."""
    faults = []

    def one(camp):
        api, widget = service.api(), service.widget()
        try:
            for _ in range(25):
                address = email()
                invite = api.mint(camp, address)
                session = widget.open(invite["invite_token"])
                seen = widget.validate(session["participant_token"]).json()
                if (invite["campaign_id"], seen["campaign_id"], seen["participant_email"]) != (camp, camp, address):
                    faults.append((camp, invite, seen))
        except Exception as fault:  # noqa: BLE001 - reported by the test's own thread
            faults.append(fault)

    threads = [threading.Thread(target=one, args=(campaign("many"),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    assert not faults, faults[:3]


@pytest.mark.parametrize("header", ["x-api-key", "X-API-KEY", "bearer"])
def test_both_key_headers_work(service, header):
    assert service.api(header=header).get("/v1/invites").status_code == 200
