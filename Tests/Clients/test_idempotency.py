"""`Idempotency-Key`: a retry has no second effect, and says that it is one."""

import threading

import pytest

import formats
from harness import assert_error, campaign, email, number


def idem():
    return f"idem-{number()}"


def post(api, path, body, key, **more):
    return api.post(path, body, headers={"Idempotency-Key": key}, **more)


def replayed(answer):
    return answer.headers.get("Idempotent-Replayed") == "true"


def stable(claims):
    return {name: value for name, value in claims.items() if name != "seal"}


def test_a_replayed_mint_keeps_ids_and_times(api, widget):
    key, camp = idem(), campaign()
    body = {"campaign_id": camp, "participant_email": email(), "metadata": {"a": "b"}}
    first = post(api, "/v1/invites", body, key)
    second = post(api, "/v1/invites", body, key)
    assert first.status_code == second.status_code == 201
    assert not replayed(first) and replayed(second)
    one, two = first.json(), second.json()
    for member in ("id", "campaign_id", "participant_email", "created_at", "expires_at", "metadata", "max_uses"):
        assert one[member] == two[member], member
    assert 0 <= one["expires_in"] - two["expires_in"] <= 5
    assert formats.claims_of(one["invite_token"]) == formats.claims_of(two["invite_token"])
    assert len(api.pages("/v1/invites", campaign_id=camp)) == 1
    widget.open(two["invite_token"])
    assert_error(widget.redeem(one["invite_token"]), 409, "invite_used")


def test_quoted_and_bare_are_the_same_key(api):
    key = idem()
    body = {"campaign_id": campaign(), "participant_email": email()}
    first = post(api, "/v1/invites", body, key)
    second = post(api, "/v1/invites", body, f'"{key}"')
    assert replayed(second) and first.json()["id"] == second.json()["id"]


def test_another_body_is_a_mismatch(api):
    key = idem()
    body = {"campaign_id": campaign(), "participant_email": email()}
    assert post(api, "/v1/invites", body, key).status_code == 201
    for other in ({**body, "campaign_id": campaign()}, {**body, "max_uses": 2}, {**body, "participant_email": email()}):
        assert_error(post(api, "/v1/invites", other, key), 422, "idempotency_mismatch")
    assert replayed(post(api, "/v1/invites", body, key))


def test_only_successes_are_recorded(api):
    key = idem()
    assert_error(post(api, "/v1/invites", {"campaign_id": "bad one"}, key), 400)
    good = post(api, "/v1/invites", {"campaign_id": campaign(), "participant_email": email()}, key)
    assert good.status_code == 201 and not replayed(good)


def test_routes_and_api_keys_are_apart(service, api):
    key = idem()
    body = {"campaign_id": campaign(), "participant_email": email()}
    invite = post(api, "/v1/invites", body, key)
    session = post(api, "/v1/participant-tokens", body, key)
    assert invite.status_code == session.status_code == 201 and not replayed(session)
    other = service.api(api.make_key(["invites:write"])["secret"])
    theirs = post(other, "/v1/invites", body, key)
    assert theirs.status_code == 201 and not replayed(theirs)
    assert theirs.json()["id"] != invite.json()["id"]


def test_a_replayed_batch_mints_nothing_twice(api):
    key, camp = idem(), campaign()
    items = [{"campaign_id": camp, "participant_email": email()} for _ in range(5)]
    items.insert(2, {"campaign_id": "bad one", "participant_email": email()})
    first = post(api, "/v1/invites/batch", {"invites": items}, key)
    second = post(api, "/v1/invites/batch", {"invites": items}, key)
    assert first.status_code == second.status_code == 200 and replayed(second)
    one, two = first.json()["results"], second.json()["results"]
    assert [sorted(result) for result in one] == [sorted(result) for result in two]
    assert [r["invite"]["id"] for r in one if "invite" in r] == [r["invite"]["id"] for r in two if "invite" in r]
    for before, after in zip(one, two, strict=True):
        if "invite" in before:
            assert formats.claims_of(before["invite"]["invite_token"]) == formats.claims_of(
                after["invite"]["invite_token"]
            )
    assert len(api.pages("/v1/invites", campaign_id=camp)) == 5


def test_a_replayed_session(api, widget):
    key = idem()
    body = {"campaign_id": campaign(), "participant_email": email()}
    first = post(api, "/v1/participant-tokens", body, key)
    second = post(api, "/v1/participant-tokens", body, key)
    assert second.status_code == 201 and replayed(second)
    one, two = first.json(), second.json()
    for member in ("session_id", "expires_at", "renew_until"):
        assert one[member] == two[member], member
    old, new = formats.claims_of(one["participant_token"]), formats.claims_of(two["participant_token"])
    assert stable(old) == stable(new)
    assert widget.validate(two["participant_token"]).status_code == 200


def test_a_replayed_revocation(api):
    key, body = idem(), {"campaign_id": campaign()}
    first, second = post(api, "/v1/revocations", body, key), post(api, "/v1/revocations", body, key)
    assert second.status_code == 201 and replayed(second)
    assert first.json()["id"] == second.json()["id"]


def test_a_replayed_key_comes_without_its_secret(api):
    key, body = idem(), {"name": "once", "scopes": ["invites:read"]}
    first, second = post(api, "/v1/api-keys", body, key), post(api, "/v1/api-keys", body, key)
    assert first.json()["secret"] and replayed(second)
    assert second.status_code == 201 and first.json()["id"] == second.json()["id"]
    assert second.json().get("secret") is None
    assert first.json()["secret"] not in second.text


def test_a_replay_after_a_revocation_brings_nothing_back(api, widget):
    key = idem()
    body = {"campaign_id": campaign(), "participant_email": email()}
    invite = post(api, "/v1/invites", body, key).json()
    assert api.delete(f"/v1/invites/{invite['id']}").status_code == 204
    again = post(api, "/v1/invites", body, key)
    if again.status_code == 201:
        assert again.json()["id"] == invite["id"]
        assert_error(widget.redeem(again.json()["invite_token"]), 410, "invite_revoked")
    else:
        assert_error(again, [409, 410])


@pytest.mark.parametrize(
    "value", ["", "k" * 256, '""', '"open', "two words\x7f", '"' + "k" * 256 + '"'], ids=lambda value: repr(value)[:20]
)
def test_bad_keys(api, value):
    body = {"campaign_id": campaign(), "participant_email": email()}
    assert_error(post(api, "/v1/invites", body, value), 400, "invalid_request")


def test_the_longest_key(api):
    key = f"{idem()}-".ljust(255, "k")
    body = {"campaign_id": campaign(), "participant_email": email()}
    assert post(api, "/v1/invites", body, key).status_code == 201
    assert replayed(post(api, "/v1/invites", body, key))


def race(count, one):
    """Runs `one(at)` in so many threads, all released together; their results in order."""
    results, gate = [None] * count, threading.Barrier(count)

    def run(at):
        gate.wait(timeout=20)
        results[at] = one(at)

    threads = [threading.Thread(target=run, args=(at,)) for at in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    return results


def test_a_race_has_one_effect(service, api):
    """Sixteen equal requests at once: one mints, the others replay it or are told that it is in progress."""
    for _ in range(5):
        key, camp = idem(), campaign()
        body = {"campaign_id": camp, "participant_email": email()}
        clients = [service.api() for _ in range(16)]
        answers = race(16, lambda at: post(clients[at], "/v1/invites", body, key))
        good = [answer for answer in answers if answer.status_code == 201]
        for answer in answers:
            if answer.status_code != 201:
                assert_error(answer, 409, "idempotency_in_progress")
        assert len([answer for answer in good if not replayed(answer)]) == 1
        assert len({answer.json()["id"] for answer in good}) == 1
        assert len(api.pages("/v1/invites", campaign_id=camp)) == 1
        for client in clients:
            client.close()


def test_a_race_of_different_bodies_has_one_winner(service, api):
    key = idem()
    camps = [campaign() for _ in range(12)]
    clients = [service.api() for _ in camps]
    bodies = [{"campaign_id": camp, "participant_email": email()} for camp in camps]
    answers = race(len(camps), lambda at: post(clients[at], "/v1/invites", bodies[at], key))
    assert len([answer for answer in answers if answer.status_code == 201]) == 1
    for answer in answers:
        if answer.status_code != 201:
            assert_error(answer, [409, 422], ["idempotency_mismatch", "idempotency_in_progress"])
    assert sum(len(api.pages("/v1/invites", campaign_id=camp)) for camp in camps) == 1
