"""`kill -9` under load: what was acknowledged before is true after.

ROUNDS rounds (5 unless said). In each, eight clients mint, redeem, end and revoke until enough was acknowledged, the
process is killed in the middle, started again on the same data directory, and every acknowledgement of the round (and
a sample of all earlier rounds) is held against it.
"""

import os
import random
import sqlite3
import threading

import harness
from harness import assert_error, campaign, email, nonce, number

ROUNDS = int(os.environ.get("ROUNDS", "5"))
THREADS = 8
ACKNOWLEDGED_PER_ROUND = 500
EARLIER_SAMPLE = 60


class Story:
    """What one invite's client was told, and what it asked without an answer."""

    def __init__(self, camp, idempotency_key, body):
        self.camp, self.idempotency_key, self.body = camp, idempotency_key, body
        self.invite = self.session = None
        self.nonce = None
        self.ended = self.revoked = False
        self.pending = None


class Worker(threading.Thread):
    """Mints invites and takes each some steps further, noting a step before asking and after the answer."""

    def __init__(self, running, seed, acknowledged):
        super().__init__(daemon=True)
        self.random = random.Random(seed)
        self.running, self.acknowledged = running, acknowledged
        self.stories, self.fault = [], None

    def run(self):
        api, widget = self.running.api(), self.running.widget()
        try:
            while True:
                self.story(api, widget)
        except AssertionError as fault:
            self.fault = fault
        except Exception:  # noqa: BLE001 - the connection died with the process
            return

    def step(self, story, name, ask, status):
        story.pending = name
        answer = ask()
        assert answer.status_code == status, (name, answer.status_code, answer.text)
        story.pending = None
        self.acknowledged.release()
        return answer

    def story(self, api, widget):
        camp, key = campaign("crash"), f"crash-{number()}"
        story = Story(camp, key, {"campaign_id": camp, "participant_email": email()})
        self.stories.append(story)
        headers = {"Idempotency-Key": key}
        story.invite = self.step(
            story, "mint", lambda: api.post("/v1/invites", story.body, headers=headers), 201
        ).json()
        token = story.invite["invite_token"]
        if self.random.random() < 0.6:
            story.nonce = nonce()
            story.session = self.step(story, "redeem", lambda: widget.redeem(token, story.nonce), 201).json()
            if self.random.random() < 0.4:
                bearer = story.session["participant_token"]
                self.step(story, "end", lambda: widget.end(bearer), 204)
                story.ended = True
        if self.random.random() < 0.3:
            self.step(story, "revoke", lambda: api.delete(f"/v1/invites/{story.invite['id']}"), 204)
            story.revoked = True


def hold(running, stories, first_time):
    """Compares each story with what the service says now; the number of facts that held."""
    api, widget = running.api(), running.widget()
    facts = 0
    for story in stories:
        if story.invite is None:
            facts += hold_unanswered_mint(api, story) if first_time else 0
            continue
        invite_id, token = story.invite["id"], story.invite["invite_token"]
        stored = api.get(f"/v1/invites/{invite_id}")
        assert stored.status_code == 200, f"an acknowledged mint is lost: {invite_id}"
        code = api.code_of(token)
        maybe_revoked = story.pending == "revoke"
        if story.revoked:
            assert code == "invite_revoked", (code, "an acknowledged revocation is lost")
            assert_error(widget.redeem(token), 410, "invite_revoked")
            assert stored.json()["status"] == "revoked"
        elif story.session is not None and not maybe_revoked:
            assert code == "invite_used", (code, "an acknowledged redeem is lost")
            assert_error(widget.redeem(token, nonce()), 409, "invite_used")
            assert stored.json()["uses"] == 1
        elif story.pending is None:
            assert code == "valid" and stored.json()["uses"] == 0, code
        facts += 1
        if story.session is not None:
            facts += hold_session(widget, story, maybe_revoked)
        if first_time and story.pending == "redeem":
            hold_unanswered_redeem(api, widget, story)
            facts += 1
    return facts


def hold_session(widget, story, maybe_revoked):
    answer = widget.validate(story.session["participant_token"])
    if story.revoked:
        assert_error(answer, 410, ["token_revoked", "session_ended"])
    elif story.ended:
        assert_error(answer, 410, ["session_ended", "token_revoked"] if maybe_revoked else "session_ended")
    elif maybe_revoked or story.pending == "end":
        assert answer.status_code in (200, 410)
    else:
        assert answer.status_code == 200, answer.text
        assert answer.json()["session_id"] == story.session["session_id"]
    return 1


def hold_unanswered_mint(api, story):
    """A retry with the same key finds the truth: one invite, whether the first try got through or not."""
    answer = api.post("/v1/invites", story.body, headers={"Idempotency-Key": story.idempotency_key})
    assert answer.status_code == 201, answer.text
    found = api.pages("/v1/invites", campaign_id=story.camp)
    assert [item["id"] for item in found] == [answer.json()["id"]], "a retried mint is there twice"
    story.invite, story.pending = answer.json(), None
    return 1


def hold_unanswered_redeem(api, widget, story):
    """The holder asks again and gets a session; the use is counted once."""
    answer = widget.redeem(story.invite["invite_token"], story.nonce)
    assert answer.status_code in (200, 201), answer.text
    story.session, story.pending = answer.json(), None
    assert widget.validate(story.session["participant_token"]).status_code == 200
    assert api.get(f"/v1/invites/{story.invite['id']}").json()["uses"] == 1


def in_threads(count, work):
    faults, results = [], []

    def run(at):
        try:
            results.append(work(at))
        except BaseException as fault:  # noqa: BLE001 - raised again by the test's own thread
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(at,)) for at in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
        assert not thread.is_alive()
    if faults:
        raise faults[0]
    return sum(results)


def test_acknowledged_is_durable(fresh):
    seeds = random.Random(20)
    running = harness.Service(fresh).start()
    everything, facts, acknowledged_in_all = [], 0, 0
    try:
        for turn in range(ROUNDS):
            acknowledged = threading.Semaphore(0)
            workers = [Worker(running, seeds.random(), acknowledged) for _ in range(THREADS)]
            for worker in workers:
                worker.start()
            wanted = ACKNOWLEDGED_PER_ROUND + seeds.randrange(100)
            for _ in range(wanted):
                assert acknowledged.acquire(timeout=60), "the load does not get on"
            running.kill()
            for worker in workers:
                worker.join(timeout=30)
                assert not worker.is_alive() and worker.fault is None, worker.fault
            acknowledged_in_all += wanted
            running.restart()
            stories = [story for worker in workers for story in worker.stories]
            parts = [stories[at::THREADS] for at in range(THREADS)]
            held = in_threads(THREADS, lambda at: hold(running, parts[at], first_time=True))
            sample = seeds.sample(everything, min(EARLIER_SAMPLE, len(everything)))
            held += hold(running, sample, first_time=False)
            everything += stories
            facts += held
            print(f"round {turn + 1}: {wanted} acknowledged before the kill, {len(stories)} invites, {held} facts held")
        running.stop()
        assert_data_bases_are_whole(fresh)
        print(f"{ROUNDS} kills, {acknowledged_in_all} acknowledgements, {len(everything)} invites, {facts} facts held")
    finally:
        running.kill()


def assert_data_bases_are_whole(deployment):
    """The files are SQLite data bases; a foreign reader must find them whole."""
    found = 0
    for path in deployment.data_dir.rglob("*"):
        if path.is_file() and path.open("rb").read(15) == b"SQLite format 3":
            connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)], path
            connection.close()
            found += 1
    assert found >= 1


def test_a_kill_at_the_very_start_is_survived(fresh):
    """Killed as soon as it is ready, several times: nothing is left half set up, no stale lock refuses the next start."""
    running = harness.Service(fresh)
    for _ in range(5):
        running.start()
        running.kill()
        running.address = None
    with harness.Service(fresh) as last:
        last.widget().open(last.api().mint()["invite_token"])


def test_revocations_survive_a_kill(fresh):
    """Cut-offs and ends of sessions are in memory for validation: after a kill they must be there again."""
    running = harness.Service(fresh).start()
    try:
        api, widget = running.api(), running.widget()
        camp, address = campaign(), email()
        by_campaign = widget.open(api.mint(camp)["invite_token"])
        by_address = widget.open(api.mint(campaign(), address)["invite_token"])
        by_session = widget.open(api.mint()["invite_token"])
        spared = widget.open(api.mint()["invite_token"])
        for body in ({"campaign_id": camp}, {"participant_email": address}, {"session_id": by_session["session_id"]}):
            assert api.post("/v1/revocations", body).status_code == 201
        key = api.make_key(["invites:read"])
        assert api.delete(f"/v1/api-keys/{key['id']}").status_code == 204
        running.kill()
        running.restart()
        widget = running.widget()
        for session in (by_campaign, by_address, by_session):
            assert_error(widget.validate(session["participant_token"]), 410, ["token_revoked", "session_ended"])
        assert widget.validate(spared["participant_token"]).status_code == 200
        assert_error(running.api(key["secret"]).get("/v1/invites"), 401)
        again = widget.open(running.api().mint(camp)["invite_token"])
        assert widget.validate(again["participant_token"]).status_code == 200
        running.stop()
    finally:
        running.kill()
