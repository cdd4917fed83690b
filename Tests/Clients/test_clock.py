"""What time does to tokens: the service is started again with its wall clock moved, so nobody has to wait.

The clock is moved by a preloaded shim (clockshim.c; the fixture `shim`).
"""

import time

import pytest

import formats
import harness
from harness import assert_error, campaign, email, nonce

HOUR = 3_600


@pytest.fixture()
def moved(fresh, shim):
    """Starts the service on one data directory, each call with its clock so many seconds ahead."""
    running = []

    def start(seconds):
        if running and running[-1].process.poll() is None:
            running[-1].stop()
        env = {"LD_PRELOAD": str(shim), "CLOCK_SHIFT_SECONDS": str(seconds)}
        running.append(harness.Service(fresh, env=env).start())
        if seconds >= 0:
            told = formats.instant(running[-1].api().mint()["created_at"])
            assert abs(told - time.time() - seconds) < 30, "the clock was not moved"
        return running[-1]

    yield start
    for service in running:
        service.kill()


def test_invites_expire(moved):
    now = moved(0)
    short, long = now.api().mint(expires_in=60), now.api().mint(expires_in=604_800)
    camp = campaign()
    listed = now.api().mint(camp, expires_in=120)
    later = moved(125)
    api, widget = later.api(), later.widget()
    assert_error(widget.redeem(short["invite_token"]), 410, "invite_expired")
    assert api.code_of(short["invite_token"]) == "invite_expired"
    assert api.introspect(short["invite_token"]) == {"active": False}
    assert api.get(f"/v1/invites/{short['id']}").json()["status"] == "expired"
    assert [item["id"] for item in api.pages("/v1/invites", campaign_id=camp, status="expired")] == [listed["id"]]
    assert api.pages("/v1/invites", campaign_id=camp, status="pending") == []
    widget.open(long["invite_token"])
    much_later = moved(604_800 + 60)
    unused = much_later.api().mint(expires_in=60)
    assert_error(much_later.widget().redeem(long["invite_token"]), [409, 410], ["invite_used", "invite_expired"])
    much_later.widget().open(unused["invite_token"])


def test_status_has_an_order(moved):
    now = moved(0)
    used, revoked = now.api().mint(expires_in=60), now.api().mint(expires_in=60)
    now.widget().open(used["invite_token"])
    assert now.api().delete(f"/v1/invites/{revoked['id']}").status_code == 204
    api = moved(90).api()
    assert api.get(f"/v1/invites/{used['id']}").json()["status"] == "redeemed"
    assert api.get(f"/v1/invites/{revoked['id']}").json()["status"] == "revoked"


def test_participant_tokens_expire_without_leeway(moved):
    now = moved(0)
    body = {"campaign_id": campaign(), "participant_email": email(), "expires_in": 60}
    token = now.api().post("/v1/participant-tokens", body).json()["participant_token"]
    assert now.widget().validate(token).status_code == 200
    later = moved(61)
    assert_error(later.widget().validate(token), 410, "token_expired")
    assert later.api().code_of(token) == "token_expired"
    assert later.api().introspect(token) == {"active": False}
    gate = later.widget().forward_auth(
        token, workspace_id=later.deployment.workspace_id, environment="test", campaign_id=body["campaign_id"]
    )
    assert gate.status_code == 401


def test_an_expired_token_renews_for_its_holder_only(moved):
    now = moved(0)
    mine = nonce()
    session = now.widget().open(now.api().mint()["invite_token"], mine)
    token = session["participant_token"]
    later = moved(20 * 60)
    widget = later.widget()
    assert_error(widget.validate(token), 410, "token_expired")
    assert_error(widget.renew(token), 410, "token_expired")
    assert_error(widget.renew(token, nonce()), [401, 410])
    renewed = widget.renew(token, mine)
    assert renewed.status_code == 200, renewed.text
    fresh_token = renewed.json()["participant_token"]
    seen = widget.validate(fresh_token).json()
    assert (seen["session_id"], seen["renew_until"]) == (session["session_id"], session["renew_until"])


def test_renewals_end_at_renew_until(moved):
    now = moved(0)
    mine = nonce()
    session = now.widget().open(now.api().mint()["invite_token"], mine)
    until = formats.instant(session["renew_until"])
    near = moved(4 * HOUR - 200)
    renewed = near.widget().renew(session["participant_token"], mine)
    assert renewed.status_code == 200
    last = renewed.json()["participant_token"]
    assert formats.claims_of(last)["exp"] <= until
    after = moved(4 * HOUR + 5)
    for token in (last, session["participant_token"]):
        assert_error(after.widget().validate(token), 410, ["token_expired", "session_ended"])
        assert_error(after.widget().renew(token, mine), 410, ["token_expired", "session_ended"])


def test_a_holder_may_ask_again_for_a_minute_only(moved):
    now = moved(0)
    mine, invite = nonce(), now.api().mint()
    now.widget().open(invite["invite_token"], mine)
    assert now.widget().redeem(invite["invite_token"], mine).status_code == 200
    later = moved(75)
    assert_error(later.widget().redeem(invite["invite_token"], mine), 409, "invite_used")


def test_cut_offs_hold_until_the_last_token_is_over(moved):
    now = moved(0)
    camp = campaign()
    dead = now.api().mint(camp, expires_in=604_800)
    assert now.api().post("/v1/revocations", {"campaign_id": camp}).status_code == 201
    later = moved(604_800 - 60)
    assert_error(later.widget().redeem(dead["invite_token"]), 410, "invite_revoked")


def test_keys_of_a_day_are_forgotten(moved):
    """`Idempotency-Key` is kept for 24 hours."""
    now = moved(0)
    body, headers = {"campaign_id": campaign(), "participant_email": email()}, {"Idempotency-Key": "of a day"}
    first = now.api().post("/v1/invites", body, headers=headers).json()
    within = moved(23 * HOUR).api().post("/v1/invites", body, headers=headers)
    assert within.status_code == 201 and within.json()["id"] == first["id"]
    assert within.headers["Idempotent-Replayed"] == "true" and within.json()["expires_in"] <= HOUR
    after = moved(25 * HOUR).api().post("/v1/invites", body, headers=headers)
    assert after.status_code == 201 and after.json()["id"] != first["id"]


def test_a_clock_that_ran_back_issues_nothing(moved):
    """More than 5 s behind the last stored instant: refuse, do not guess."""
    moved(0)
    back = moved(-HOUR)
    answer = back.api().post("/v1/invites", {"campaign_id": campaign(), "participant_email": email()})
    assert_error(answer, 503, "unavailable")
    again = moved(60)
    again.widget().open(again.api().mint()["invite_token"])
