"""Racing redeems: RACES tries (2,000 unless said) over invites with one use each; each has exactly one winner.

All but the last byte of every try is sent beforehand; then the last bytes go out together. So the tries of an invite
arrive as close as one client can bring them.
"""

import os

import pytest

import formats
import harness
from harness import campaign, email, nonce
from wire import Wire, request

RACES = int(os.environ.get("RACES", "2000"))
RACERS = 20


@pytest.fixture(scope="module")
def track(tmp_path_factory):
    made = harness.Deployment(harness.fresh_directory(tmp_path_factory.mktemp("race")))
    with harness.Service(made) as running:
        yield running


@pytest.fixture()
def racers(track):
    conns = [Wire(track.address) for _ in range(RACERS)]
    yield conns
    for conn in conns:
        conn.close()


def redeem_bytes(token, holder_nonce=None):
    body = {"invite_token": token}
    if holder_nonce:
        body["holder_nonce"] = holder_nonce
    return request("POST", "/v1/widget/sessions", body)


def race(conns, requests):
    """Answers to requests whose last bytes were sent together."""
    for conn, data in zip(conns, requests, strict=True):
        conn.send(data[:-1])
    for conn, data in zip(conns, requests, strict=True):
        conn.send(data[-1:])
    return [conn.read() for conn in conns]


def batch_of(service, count, **more):
    items = [{"campaign_id": campaign("race"), "participant_email": email(), **more} for _ in range(count)]
    made = []
    for at in range(0, count, 1_000):
        answer = service.api().post("/v1/invites/batch", {"invites": items[at : at + 1_000]})
        assert answer.status_code == 200
        made += [result["invite"] for result in answer.json()["results"]]
    return made


def test_one_winner_an_invite(track, racers):
    invites = batch_of(track, max(RACES // RACERS, 1))
    tries = 0
    for invite in invites:
        data = redeem_bytes(invite["invite_token"])
        answers = race(racers, [data] * RACERS)
        winners = [answer for answer in answers if answer.status == 201]
        assert len(winners) == 1, [answer.status for answer in answers]
        for answer in answers:
            assert answer in winners or (answer.status, answer.json()["error"]["code"]) == (409, "invite_used")
        tries += len(answers)
    stored = [track.api().get(f"/v1/invites/{invite['id']}").json() for invite in invites[::10]]
    assert {(item["uses"], item["status"]) for item in stored} == {(1, "redeemed")}
    print(f"{tries} racing redeems over {len(invites)} invites: one winner each")


def test_one_holder_racing_itself_gets_one_session(track, racers):
    for invite in batch_of(track, 10):
        data = redeem_bytes(invite["invite_token"], nonce())
        answers = race(racers, [data] * RACERS)
        assert sorted({answer.status for answer in answers}) in ([200, 201], [201]), answers
        assert len([answer for answer in answers if answer.status == 201]) == 1
        assert len({answer.json()["session_id"] for answer in answers}) == 1
        assert track.api().get(f"/v1/invites/{invite['id']}").json()["uses"] == 1


def test_different_holders_racing(track, racers):
    for invite in batch_of(track, 10):
        answers = race(racers, [redeem_bytes(invite["invite_token"], nonce()) for _ in racers])
        assert [answer.status for answer in answers].count(201) == 1
        assert [answer.status for answer in answers].count(409) == RACERS - 1


def test_no_more_winners_than_uses(track, racers):
    for uses in (2, 3, 7):
        invite = batch_of(track, 1, max_uses=uses)[0]
        answers = race(racers, [redeem_bytes(invite["invite_token"], nonce()) for _ in racers])
        assert [answer.status for answer in answers].count(201) == uses
        assert len({answer.json()["session_id"] for answer in answers if answer.status == 201}) == uses
        assert track.api().get(f"/v1/invites/{invite['id']}").json()["uses"] == uses


def test_one_winner_in_one_packet(track):
    """The tries of an invite pipelined on one connection."""
    for invite in batch_of(track, 10):
        with Wire(track.address) as conn:
            conn.send(redeem_bytes(invite["invite_token"]) * RACERS)
            statuses = [conn.read().status for _ in range(RACERS)]
        assert statuses == [201] + [409] * (RACERS - 1)


def test_a_revocation_racing_redeems(track, racers):
    """Whoever wins, after the revocation's answer no session of the invite lives."""
    key = {"Authorization": f"Bearer {track.deployment.secret}"}
    for invite in batch_of(track, 25):
        tries = [redeem_bytes(invite["invite_token"]) for _ in racers[1:]]
        at = len(tries) // 2
        tries.insert(at, request("DELETE", f"/v1/invites/{invite['id']}", headers=key))
        answers = race(racers, tries)
        assert answers.pop(at).status == 204
        assert {answer.status for answer in answers} <= {201, 409, 410}
        winners = [answer.json() for answer in answers if answer.status == 201]
        assert len(winners) <= 1
        for winner in winners:
            answer = track.widget().validate(winner["participant_token"])
            assert answer.status_code == 410, answer.text
        assert track.widget().redeem(invite["invite_token"]).status_code == 410


def test_a_cut_off_racing_mints(track, racers):
    """Every invite of the campaign is dead if its number is lower than the cut-off's, alive if it is not."""
    key = {"Authorization": f"Bearer {track.deployment.secret}"}
    api, widget = track.api(), track.widget()
    for _ in range(10):
        camp = campaign("cut")
        tries = [
            request("POST", "/v1/invites", {"campaign_id": camp, "participant_email": email()}, key) for _ in racers[1:]
        ]
        tries.insert(9, request("POST", "/v1/revocations", {"campaign_id": camp}, key))
        answers = race(racers, tries)
        assert {answer.status for answer in answers} == {201}
        answers.pop(9)
        after = formats.claims_of(api.mint(camp)["invite_token"])["rev"]
        for answer in answers:
            token = answer.json()["invite_token"]
            alive = formats.claims_of(token)["rev"] >= after
            assert api.code_of(token) == ("valid" if alive else "invite_revoked")
            assert widget.redeem(token).status_code == (201 if alive else 410)
