"""Origins, as a real browser sets them: which page may redeem, and what a stolen token is worth."""

import pytest
import requests
from conftest import MOUNT, in_state, minted, mounting

BOX = '<div id="box"></div>'


def redeem_by_hand(page, service, invite):
    """The exchange without the widget: 'blocked' is all that a page learns of a refused origin."""
    return page.evaluate(
        """([url, token]) => fetch(url + '/v1/widget/sessions', {
            method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ invite_token: token })
        }).then((answer) => answer.status, () => 'blocked')""",
        [service.url, invite["invite_token"]],
    )


def listed(api, host):
    return minted(api, allowed_origins=[host.origin()])


@pytest.mark.parametrize("case", ["other port", "other name", "subdomain", "longer name"])
def test_only_the_exact_origin_may_redeem(api, host, other, visitor, service, case):
    invite = listed(api, host)
    elsewhere = {
        "other port": other.origin(),
        "other name": host.origin("127.0.0.1"),
        "subdomain": host.origin("evil.localhost"),
        "longer name": host.origin("localhost.localhost"),
    }[case]
    for site in (host, other):
        site.page("/origin", BOX, mounting({"inviteToken": invite["invite_token"]}))
    page = visitor.open(elsewhere + "/origin")
    in_state(page, "refused", "origin_not_allowed")
    assert page.get_by_role("button", name="Try again").is_visible()
    assert redeem_by_hand(page, service, invite) == "blocked"
    assert api.get(f"/v1/invites/{invite['id']}").json()["uses"] == 0
    right = visitor.open(host.origin() + "/origin")
    in_state(right, "ready")


@pytest.mark.parametrize("kind", ["sandboxed frame", "data URL", "srcdoc in a sandbox"])
def test_a_page_without_an_origin_may_not(api, host, visitor, service, kind):
    invite = listed(api, host)
    host.page("/inner", BOX, mounting({"inviteToken": invite["invite_token"]}))
    inner = {
        "sandboxed frame": '<iframe sandbox="allow-scripts" src="/inner"></iframe>',
        "data URL": '<iframe src="data:text/html,<p>x</p>"></iframe>',
        "srcdoc in a sandbox": '<iframe sandbox="allow-scripts" srcdoc="<p>x</p>"></iframe>',
    }[kind]
    policy = {"Content-Security-Policy": "default-src * data: 'unsafe-inline'"}
    host.page("/outer", inner, widget=None, headers=policy)
    page = visitor.open(host.origin() + "/outer")
    frame = page.frames[1]
    frame.wait_for_load_state()
    assert frame.evaluate("self.origin") == "null"
    if kind == "sandboxed frame":
        frame.wait_for_selector('#box[data-state="refused"][data-code="origin_not_allowed"]')
    assert redeem_by_hand(frame, service, invite) == "blocked"
    assert api.get(f"/v1/invites/{invite['id']}").json()["uses"] == 0


def test_a_stolen_token_is_refused_elsewhere(api, host, other, visitor, service):
    host.page("/victim", BOX, mounting({"inviteToken": listed(api, host)["invite_token"]}))
    other.page("/thief", BOX, MOUNT)
    victim = visitor.open(host.origin() + "/victim")
    in_state(victim, "ready")
    token = victim.evaluate("widget.getToken()")
    thief = visitor.open(other.origin() + "/thief")
    replay = """([url, token, method]) => fetch(url, { method, headers: { Authorization: 'Bearer ' + token } })
        .then((answer) => answer.status, () => 'blocked')"""
    for method, path in (("GET", ""), ("POST", "/renew"), ("DELETE", "")):
        url = f"{service.url}/v1/widget/session{path}"
        assert thief.evaluate(replay, [url, token, method]) == "blocked"
        plain = requests.request(method, url, headers={"Authorization": f"Bearer {token}"}, timeout=5)
        assert plain.status_code == 403 and plain.json()["error"]["code"] == "origin_not_allowed"
    assert victim.evaluate(replay, [f"{service.url}/v1/widget/session", token, "GET"]) == 200


def test_a_preflight_is_asked_once(api, host, visitor):
    host.page("/preflight", BOX, mounting({"inviteToken": minted(api)["invite_token"]}))
    preflights = []
    page = visitor.context.new_page()
    page.on("response", lambda answer: answer.request.method == "OPTIONS" and preflights.append(answer))
    session = visitor.context.new_cdp_session(page)
    session.send("Network.enable")
    seen = []
    session.on("Network.requestWillBeSent", lambda note: note["request"]["method"] == "OPTIONS" and seen.append(note))
    page.goto(host.origin() + "/preflight")
    in_state(page, "ready")
    for _ in range(3):
        assert page.evaluate("widget.fetch(TokenService.service + '/v1/widget/session').then((a) => a.status)") == 200
    paths = [note["request"]["url"].split("/v1/")[1] for note in seen]
    assert len(paths) == len(set(paths)) <= 2, "one for each URL, kept after that"


def test_no_cookies_are_sent_or_set(api, host, visitor, service):
    visitor.context.add_cookies([{"name": "sid", "value": "x", "url": service.url}])
    host.page("/cookies", BOX, mounting({"inviteToken": minted(api)["invite_token"]}))
    in_state(visitor.open(host.origin() + "/cookies"), "ready")
    assert "cookie" not in visitor.exchanges()[0].all_headers()
    assert [one["name"] for one in visitor.context.cookies()] == ["sid"]
