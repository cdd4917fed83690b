"""An answer that is cut off burns nothing: whoever holds the nonce, or the key, asks again and gets the same session.

Every exchange is sent whole; its answer is read up to byte k and the connection dropped there, for every k. Then the same
holder asks again on a new connection.
"""

import concurrent.futures
import json
import re
import socket
import struct

import pytest

import harness
from dpop import Client, Key
from harness import assert_error, email, nonce
from wire import Wire, request

THREADS = 6
RESET = struct.pack("ii", 1, 0)
SESSION = re.compile(rb'"session_id":"(ses_[0-9a-z]{26})"')


@pytest.fixture(scope="module")
def track(tmp_path_factory):
    made = harness.Deployment(harness.fresh_directory(tmp_path_factory.mktemp("lost")))
    with harness.Service(made) as running:
        yield running


def mint(api, count):
    """Invites in batches."""
    made = []
    while len(made) < count:
        items = [{"campaign_id": "camp_lost", "participant_email": email()} for _ in range(min(500, count - len(made)))]
        made += [one["invite"] for one in api.post("/v1/invites/batch", {"invites": items}).json()["results"]]
    return made


def exchange(invite, holder_nonce=None, proof=None):
    body = {"invite_token": invite["invite_token"]}
    if holder_nonce:
        body["holder_nonce"] = holder_nonce
    return request("POST", "/v1/widget/sessions", body, {"DPoP": proof} if proof else {})


def cut(address, data, count, resets):
    """Sends a request, reads `count` bytes of its answer, and drops the connection, politely or with a reset."""
    got = b""
    with socket.create_connection(address, timeout=10) as sock:
        sock.sendall(data)
        while len(got) < count:
            piece = sock.recv(count - len(got))
            assert piece, f"the answer ended after {len(got)} of {count} bytes: {got!r}"
            got += piece
        if resets:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    return got


def ask(address, data):
    with Wire(address) as wire:
        return wire.ask(data)


def answer_length(address, data):
    answer = ask(address, data)
    assert answer.status == 201, answer
    return len(answer.raw_head) + len(answer.body)


def same_session(address, invite, count, first, again):
    """The one session of an invite whose first answer was cut; `again` makes a fresh request of the same holder."""
    answers = [ask(address, again()) for _ in range(2)]
    sessions = [answer.json().get("session_id") for answer in answers]
    assert sessions[0] and sessions[0] == sessions[1], (count, answers)
    # Whoever read a byte knows that the exchange was done; whoever read none may be quicker than it.
    expected = [200, 200] if count else [answers[0].status, 200]
    assert [answer.status for answer in answers] == expected and answers[0].status in (200, 201), (count, answers)
    read = SESSION.search(first)
    assert not read or read.group(1).decode() == sessions[0], count
    return sessions[0]


def test_an_answer_cut_at_every_byte(track):
    api = track.api()
    probe, *_ = mint(api, 1)
    length = answer_length(track.address, exchange(probe, nonce()))
    assert length > 800
    invites = mint(api, length + 1)

    def run(count):
        invite, data = invites[count], exchange(invites[count], nonce())
        first = cut(track.address, data, count, resets=count % 2 == 0)
        return same_session(track.address, invite, count, first, lambda: data)

    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        sessions = list(pool.map(run, range(length + 1)))
    assert len(set(sessions)) == length + 1
    uses = {one["id"]: one["uses"] for one in api.pages("/v1/invites", campaign_id="camp_lost", limit=100)}
    assert {uses[invite["id"]] for invite in invites} == {1}, "one use each, however often it was asked for"
    someone = exchange(invites[5], nonce())
    assert ask(track.address, someone).json()["error"]["code"] == "invite_used"
    api.close()


def test_an_answer_to_a_key_cut_at_many_bytes(track):
    api, url = track.api(), track.url + "/v1/widget/sessions"
    teller = Client(track)
    assert_error(teller.redeem("a.b.c"), 401, "invalid_token")
    keys = {}

    def proven(invite):
        key = keys.setdefault(invite["id"], Key())
        return exchange(invite, proof=key.proof("POST", url, nonce=teller.nonce))

    probe, *_ = mint(api, 1)
    length = answer_length(track.address, proven(probe))
    places = sorted({*range(0, length, 41), 1, length - 1, length})
    invites = mint(api, len(places))

    def run(index):
        invite, count = invites[index], places[index]
        first = cut(track.address, proven(invite), count, resets=index % 2 == 0)
        return same_session(track.address, invite, count, first, lambda: proven(invite))

    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        sessions = list(pool.map(run, range(len(places))))
    assert len(set(sessions)) == len(places)
    for invite in invites[::7]:
        assert api.get(f"/v1/invites/{invite['id']}").json()["uses"] == 1
        stranger = exchange(invite, proof=Key().proof("POST", url, nonce=teller.nonce))
        assert json.loads(ask(track.address, stranger).body)["error"]["code"] == "invite_used"
    api.close()
