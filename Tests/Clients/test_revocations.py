"""Cut-offs: one record kills every token that it covers, and nothing minted after it."""

import pytest

import formats
from harness import assert_error, campaign, email


def revoke(api, **body):
    answer = api.post("/v1/revocations", body)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert formats.is_id(made["id"], "cut"), made
    return made


def scene(api, widget, campaign_id, address):
    """An unused invite and an open session of one person in one campaign."""
    unused = api.mint(campaign_id, address)
    used = api.mint(campaign_id, address)
    return unused, used, widget.open(used["invite_token"])


def assert_dead(api, widget, unused, session):
    assert_error(widget.redeem(unused["invite_token"]), 410, "invite_revoked")
    assert api.code_of(unused["invite_token"]) == "invite_revoked"
    assert_error(widget.validate(session["participant_token"]), 410, "token_revoked")
    assert_error(widget.renew(session["participant_token"]), 410, ["token_revoked", "session_ended"])
    assert api.code_of(session["participant_token"]) == "token_revoked"
    assert api.introspect(session["participant_token"]) == {"active": False}


def assert_alive(widget, unused, session):
    assert widget.validate(session["participant_token"]).status_code == 200
    widget.open(unused["invite_token"])


def test_by_address(api, widget):
    victim, other = email(), email()
    camp = campaign()
    unused, _, session = scene(api, widget, camp, victim)
    bystander = scene(api, widget, camp, other)
    revoke(api, participant_email=victim.upper())
    assert_dead(api, widget, unused, session)
    assert_alive(widget, bystander[0], bystander[2])
    later = scene(api, widget, camp, victim)
    assert_alive(widget, later[0], later[2])


def test_by_campaign(api, widget):
    camp, address = campaign(), email()
    unused, _, session = scene(api, widget, camp, address)
    bystander = scene(api, widget, campaign(), address)
    revoke(api, campaign_id=camp)
    assert_dead(api, widget, unused, session)
    assert_alive(widget, bystander[0], bystander[2])
    later = scene(api, widget, camp, address)
    assert_alive(widget, later[0], later[2])


def test_by_invite(api, widget):
    camp, address = campaign(), email()
    invite = api.mint(camp, address, max_uses=2)
    session = widget.open(invite["invite_token"])
    bystander = scene(api, widget, camp, address)
    revoke(api, invite_id=invite["id"])
    assert_dead(api, widget, invite, session)
    assert api.get(f"/v1/invites/{invite['id']}").json()["status"] == "revoked"
    assert_alive(widget, bystander[0], bystander[2])


def test_by_session(api, widget):
    invite = api.mint(max_uses=2)
    session, sibling = widget.open(invite["invite_token"]), widget.open(invite["invite_token"])
    renewed = widget.renew(session["participant_token"]).json()["participant_token"]
    revoke(api, session_id=session["session_id"])
    for token in (session["participant_token"], renewed):
        assert_error(widget.validate(token), 410, ["token_revoked", "session_ended"])
        assert_error(widget.renew(token), 410, ["token_revoked", "session_ended"])
    assert widget.validate(sibling["participant_token"]).status_code == 200


def test_by_session_made_by_the_back_end(api, widget):
    answer = api.post("/v1/participant-tokens", {"campaign_id": campaign(), "participant_email": email()})
    session = answer.json()
    revoke(api, session_id=session["session_id"])
    assert_error(widget.validate(session["participant_token"]), 410, ["token_revoked", "session_ended"])


def test_by_invite_token(api, widget):
    invite = api.mint()
    revoke(api, token=invite["invite_token"])
    assert_error(widget.redeem(invite["invite_token"]), 410, "invite_revoked")
    assert api.code_of(invite["invite_token"]) == "invite_revoked"


def test_by_participant_token(api, widget):
    session = widget.open(api.mint()["invite_token"])
    other = widget.open(api.mint()["invite_token"])
    revoke(api, token=session["participant_token"])
    assert_error(widget.validate(session["participant_token"]), 410, ["token_revoked", "session_ended"])
    assert_error(widget.renew(session["participant_token"]), 410, ["token_revoked", "session_ended"])
    assert widget.validate(other["participant_token"]).status_code == 200


def test_by_api_key(service, api, widget):
    key = api.make_key(["invites:write", "invites:read", "tokens:read"])
    maker = service.api(key["secret"])
    camp, address = campaign(), email()
    unused, _, session = scene(maker, widget, camp, address)
    bystander = scene(api, widget, camp, address)
    revoke(api, api_key_id=key["id"])
    assert_dead(api, widget, unused, session)
    assert_alive(widget, bystander[0], bystander[2])


def test_numbers_go_up_and_tokens_carry_the_last(api):
    first = formats.claims_of(api.mint()["invite_token"])["rev"]
    revoke(api, campaign_id=campaign())
    second = formats.claims_of(api.mint()["invite_token"])["rev"]
    revoke(api, campaign_id=campaign())
    third = formats.claims_of(api.mint()["invite_token"])["rev"]
    assert first < second < third
    assert all(isinstance(number, int) for number in (first, second, third))


def test_renewal_inherits_the_number(api, widget):
    """A renewal after a cut-off may not lift its session over it: here by a cut-off of another campaign."""
    session = widget.open(api.mint()["invite_token"])
    revoke(api, campaign_id=campaign())
    renewed = widget.renew(session["participant_token"]).json()["participant_token"]
    assert formats.claims_of(renewed)["rev"] == formats.claims_of(session["participant_token"])["rev"]


def test_a_redeem_after_a_cut_off_inherits_the_invites_number(api, widget):
    invite = api.mint()
    revoke(api, campaign_id=campaign())
    session = widget.open(invite["invite_token"])
    assert formats.claims_of(session["participant_token"])["rev"] == formats.claims_of(invite["invite_token"])["rev"]


def test_a_preview_counts_and_changes_nothing(api, widget):
    camp, address = campaign(), email()
    unused, used, session = scene(api, widget, camp, address)
    targets = [
        {"participant_email": address},
        {"campaign_id": camp},
        {"invite_id": unused["id"]},
        {"session_id": session["session_id"]},
        {"token": session["participant_token"]},
        {"token": unused["invite_token"]},
    ]
    for body in targets:
        answer = api.post("/v1/revocations", body, params={"preview": "true"})
        assert answer.status_code == 200, (body, answer.text)
        counts = formats.integers_in(answer.json())
        # One participant token is less than a session: there may be nothing whole to count.
        assert counts and (max(counts) >= 1 or body.get("token") == session["participant_token"]), (body, answer.text)
        assert "cut_" not in answer.text
    nobody = api.post("/v1/revocations", {"participant_email": email()}, params={"preview": "true"})
    assert nobody.status_code == 200 and set(formats.integers_in(nobody.json())) <= {0}
    assert_alive(widget, unused, session)


def test_addresses_and_campaigns_never_seen_may_be_cut(api):
    revoke(api, participant_email=email())
    revoke(api, campaign_id=campaign())


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, None),
        ({"campaign_id": "a", "participant_email": "a@b.example"}, None),
        ({"invite_id": "a", "session_id": "b", "token": "c"}, None),
        ({"campaign_id": None}, None),
        ({"campaign_id": 1}, "campaign_id"),
        ({"campaign_id": "a b"}, "campaign_id"),
        ({"participant_email": "no address"}, "participant_email"),
        ({"everything": True}, "everything"),
        ({"token": 7}, "token"),
    ],
)
def test_exactly_one_target(api, body, param):
    assert_error(api.post("/v1/revocations", body), 400, "invalid_request", param)


def test_targets_that_do_not_exist(api):
    for body in (
        {"invite_id": formats.unknown_id("inv")},
        {"session_id": formats.unknown_id("ses")},
        {"api_key_id": formats.unknown_id("key")},
    ):
        answer = api.post("/v1/revocations", body)
        # A session id cannot be looked up without keeping every session; a cut-off of nothing is harmless.
        allowed = (404, 201) if "session_id" in body else (404,)
        assert answer.status_code in allowed, (body, answer.text)
    assert_error(api.post("/v1/revocations", {"token": "garbage"}), [400, 401, 404])


def test_preview_takes_true_or_false_only(api):
    assert_error(api.post("/v1/revocations", {"campaign_id": "a"}, params={"preview": "maybe"}), 400, None, "preview")
