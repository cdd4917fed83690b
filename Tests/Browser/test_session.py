"""The session behind the widget: exchange, renewals, broken lines, several tabs, and where the token may go."""

import base64
import datetime
import json

import pytest
import requests
from conftest import MOUNT, in_state, minted, mounting

pytestmark = pytest.mark.usefixtures("gallery")
LASTING = ["short"]
BOX = '<div id="box"></div>'
SEED = """
const inviteToken = document.body.dataset.token;
InterviewRelay.mount('#interview-container', { inviteToken });
"""


def count(page, name):
    return page.evaluate("(name) => events.filter(([event]) => event === name).length", name)


def wait_for_events(page, name, number):
    page.wait_for_function("([name, number]) => events.filter(([event]) => event === name).length >= number", arg=[name, number])


def test_S49_the_seed_line_runs_verbatim(api, host, visitor):
    body = '<div id="interview-container"></div>'
    script = f"document.body.dataset.token = {minted(api)['invite_token']!r};" + SEED
    host.page("/seed", body, script, attributes='data-global="InterviewRelay"')
    page = visitor.open(host.origin() + "/seed")
    in_state(page, "ready", selector="#interview-container")
    assert page.evaluate("typeof TokenService") == "undefined"


def test_an_element_mounts_itself(api, host, visitor):
    one, two = minted(api)["invite_token"], minted(api, "camp_test_used")["invite_token"]
    body = (
        f'<div id="box" data-token-service data-invite-token="{one}"></div><div id="second" data-token-service>'
        f'<script type="application/json">{json.dumps({"inviteToken": two})}</script></div>'
    )
    host.page("/declared", body)
    page = visitor.open(host.origin() + "/declared")
    in_state(page, "ready")
    in_state(page, "refused", "invite_used", "#second")
    assert one not in page.content() and two not in page.content(), "the token stays in no attribute and no element"
    assert page.evaluate("TokenService.get(document.querySelector('#box')).state") == "ready"


def test_the_token_is_in_memory_only_and_nobody_else_is_asked(api, host, visitor, service):
    host.page("/memory", BOX, mounting({"inviteToken": minted(api)["invite_token"]}))
    page = visitor.open(host.origin() + "/memory")
    in_state(page, "ready")
    token = page.evaluate("widget.getToken()")
    assert token.count(".") == 2
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])")
    assert token not in kept and token not in page.content()
    assert page.evaluate("indexedDB.databases().then((all) => all.length)") == 0
    assert not visitor.context.cookies()
    assert token not in page.evaluate("JSON.stringify([widget, widget.session, Object.getOwnPropertyNames(widget)])")
    asked = {one.url.split("/")[2] for one in visitor.requests}
    assert asked == {host.origin().split("/")[2], service.url.split("/")[2]}
    assert all(token not in one.url for one in visitor.requests)
    assert not visitor.complaints, "a strict content security policy stands in no way"
    widgets = [one for one in visitor.requests if service.url in one.url]
    assert [one.url[len(service.url):] for one in widgets] == ["/widget/v1.js", "/v1/widget/sessions"]


def test_a_lost_answer_does_not_burn_the_invite(api, host, visitor):
    lost = []

    def lose(route):
        if lost:
            return route.continue_()
        lost.append(route.fetch().json())
        route.abort("connectionreset")

    visitor.context.route("**/v1/widget/sessions", lose)
    invite = minted(api)
    host.page("/lost", BOX, mounting({"inviteToken": invite["invite_token"]}))
    page = visitor.open(host.origin() + "/lost")
    in_state(page, "ready")
    bodies = [json.loads(one.post_data) for one in visitor.exchanges()]
    assert len(bodies) == 2 and bodies[0] == bodies[1], "the same invite with the same nonce"
    assert page.evaluate("widget.session.id") == lost[0]["session_id"]
    assert api.get(f"/v1/invites/{invite['id']}").json()["uses"] == 1


def test_opening_a_page_consumes_nothing(api, host, service):
    """A mail scanner follows links and runs no script."""
    invite = minted(api)
    host.page("/mail", f'<div data-token-service data-invite-token="{invite["invite_token"]}"></div>')
    assert requests.get(host.origin("127.0.0.1") + "/mail", timeout=5).status_code == 200
    assert requests.get(f"{service.url}/v1/widget/sessions", timeout=5).status_code == 405
    assert api.get(f"/v1/invites/{invite['id']}").json()["status"] == "pending"


def test_a_wait_that_was_asked_for_is_kept(api, host, visitor):
    host.page("/wait", BOX, mounting({"inviteToken": minted(api, "camp_test_rate_limited")["invite_token"]}))
    page = visitor.open(host.origin() + "/wait")
    in_state(page, "waiting", "rate_limited")
    with page.expect_response(lambda answer: answer.status == 429 and len(visitor.exchanges()) == 2):
        page.evaluate("dispatchEvent(new Event('online'))")
    first, second = (one.timing["startTime"] for one in visitor.exchanges()[:2])
    assert second - first >= 1990, "the two seconds of Retry-After, although it came on line meanwhile"


def test_off_line_and_back(api, host, visitor):
    script = mounting({"inviteToken": minted(api)["invite_token"]})
    script += "widget.content.append(document.createElement('input'));"
    host.page("/line", BOX, script)
    page = visitor.open(host.origin() + "/line")
    in_state(page, "ready")
    page.locator("#box input").fill("kept")
    visitor.context.set_offline(True)
    page.evaluate("void widget.refresh().catch(() => {})")
    in_state(page, "offline", "network_error")
    page.get_by_text("Connection lost").wait_for()
    assert page.locator("#box input").is_visible(), "what the person does goes on"
    assert page.evaluate("widget.expiresAt > new Date()")
    visitor.context.set_offline(False)
    in_state(page, "ready")
    assert count(page, "renewed") == 1 and page.locator("#box input").input_value() == "kept"


def test_it_starts_off_line_and_goes_on_when_there_is_a_line(api, host, visitor):
    host.page("/begin", BOX, MOUNT)
    page = visitor.open(host.origin() + "/begin")
    visitor.context.set_offline(True)
    page.evaluate("(inviteToken) => { mountWith({ inviteToken }) }", minted(api)["invite_token"])
    in_state(page, "offline", "network_error")
    visitor.context.set_offline(False)
    in_state(page, "ready")


def test_a_machine_that_slept_past_the_token_renews_when_it_wakes(api, host, visitor):
    page = visitor.context.new_page()
    page.clock.install()
    host.page("/sleep", BOX, mounting({"inviteToken": minted(api)["invite_token"]}))
    page.goto(host.origin() + "/sleep")
    page.clock.run_for(200)
    in_state(page, "ready")
    page.clock.fast_forward(40 * 60 * 1000)
    wait_for_events(page, "renewed", 1)
    in_state(page, "ready")
    assert page.evaluate("widget.expiresAt - Date.now()") > 800_000


def test_a_clock_that_is_set_wrong_changes_nothing(api, host, visitor):
    page = visitor.context.new_page()
    page.add_init_script("const now = Date.now; Date.now = () => now() - 5 * 86400e3;")
    host.page("/clock", BOX, mounting({"inviteToken": minted(api, "camp_test_short")["invite_token"]}))
    page.goto(host.origin() + "/clock")
    wait_for_events(page, "renewed", 1)
    assert count(page, "expired") == 0


def test_tabs_share_one_session(api, host, visitor):
    invite = minted(api)
    host.page("/tab", BOX, mounting({"inviteToken": invite["invite_token"]}))
    pages = [visitor.open(host.origin() + "/tab") for _ in range(3)]
    for page in pages:
        in_state(page, "ready")
    assert len({page.evaluate("widget.session.id") for page in pages}) == 1
    pages[2].evaluate("void widget.refresh()")
    wait_for_events(pages[0], "renewed", 1)
    assert pages[0].evaluate("widget.getToken()") == pages[2].evaluate("widget.getToken()")
    assert api.get(f"/v1/invites/{invite['id']}").json()["uses"] == 1
    pages[1].evaluate("widget.destroy({ end: true })")
    in_state(pages[0], "expired", "session_ended")


def test_a_renewal_in_the_same_second_reaches_other_tabs(api, host, visitor):
    """Ends are told to a second, so that a renewed token may end when the one before it did."""
    host.page("/second", BOX, mounting({"inviteToken": minted(api)["invite_token"]}))
    pages = [visitor.open(host.origin() + "/second") for _ in range(2)]
    for page in pages:
        in_state(page, "ready")
    payload = pages[1].evaluate("widget.getToken()").split(".")[1]
    end = json.loads(base64.urlsafe_b64decode(payload + "=="))["exp"]

    def with_the_same_end(route):
        answer = route.fetch()
        told = datetime.datetime.fromtimestamp(end, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        assert len(told) == len(answer.json()["expires_at"])
        route.fulfill(response=answer, json={**answer.json(), "expires_at": told})

    pages[1].route("**/v1/widget/session/renew", with_the_same_end)
    pages[1].evaluate("void widget.refresh()")
    wait_for_events(pages[0], "renewed", 1)
    assert pages[0].evaluate("widget.getToken()") == pages[1].evaluate("widget.getToken()")


def test_two_tabs_in_the_same_moment(api, host, visitor):
    """Both mount before either has heard of the other: one nonce wins, and both hold the session."""
    invite = minted(api)
    host.page("/pair", BOX, MOUNT)
    pages = [visitor.open(host.origin() + "/pair") for _ in range(2)]
    for page in pages:
        page.evaluate("(inviteToken) => { setTimeout(() => mountWith({ inviteToken }), 300) }", invite["invite_token"])
    for page in pages:
        in_state(page, "ready")
    assert len({page.evaluate("widget.session.id") for page in pages}) == 1
    assert api.get(f"/v1/invites/{invite['id']}").json()["uses"] == 1


def test_the_token_goes_to_named_origins_only(api, host, other, visitor):
    host.page("/api", BOX, mounting({"inviteToken": minted(api)["invite_token"]}))
    page = visitor.open(host.origin() + "/api")
    in_state(page, "ready")
    other.seen.clear()
    token = page.evaluate("widget.getToken()")
    assert page.evaluate("widget.fetch('/api/echo').then((a) => a.json())") == {"authorization": f"Bearer {token}"}
    refused = page.evaluate("(url) => widget.fetch(url).then(() => '', (e) => e.message)", other.origin() + "/api/echo")
    assert "apiOrigins" in refused
    assert not [one for one in other.seen if one[1] == "/api/echo"]
    host.pages["away"] = other.origin() + "/api/echo"
    assert page.evaluate("widget.fetch('/away/1').then(() => 'went', () => 'stayed')") == "stayed"
    assert not [one for one in other.seen if one[1] == "/api/echo"]


def test_a_request_that_meets_a_dead_token_renews_once(api, host, visitor):
    host.page("/retry", BOX, mounting({"inviteToken": minted(api)["invite_token"]}))
    page = visitor.open(host.origin() + "/retry")
    in_state(page, "ready")
    answers = [410, 200]
    visitor.context.route("**/api/echo", lambda route: route.fulfill(status=answers.pop(0), json={}))
    got = page.evaluate("widget.fetch('/api/echo', { method: 'POST', body: 'text' }).then((a) => a.status)")
    assert got == 200 and count(page, "renewed") == 1


def test_a_revoked_session_ends(api, host, visitor):
    invite = minted(api)
    host.page("/revoked", BOX, mounting({"inviteToken": invite["invite_token"]}))
    page = visitor.open(host.origin() + "/revoked")
    in_state(page, "ready")
    api.delete(f"/v1/invites/{invite['id']}")
    assert page.evaluate("widget.fetch(TokenService.service + '/v1/widget/session').then((a) => a.status)") == 410
    in_state(page, "expired", "session_ended")


def test_unmount_mount_and_destroy(api, host, visitor, service):
    host.page("/life", BOX + '<div id="second"></div>', mounting({"inviteToken": minted(api)["invite_token"]}))
    page = visitor.open(host.origin() + "/life")
    in_state(page, "ready")
    token = page.evaluate("widget.getToken()")
    page.evaluate("widget.content.append('kept'); widget.unmount()")
    assert page.locator("#box").evaluate("(box) => box.children.length") == 0
    assert page.evaluate("widget.getToken().then(() => 0, (e) => e.code)") == "unmounted"
    page.evaluate("void widget.mount('#second')")
    in_state(page, "ready", selector="#second")
    assert page.locator("#second").get_by_text("kept").is_visible()
    assert page.evaluate("widget.getToken()") == token and len(visitor.exchanges()) == 1
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as ended:
        page.evaluate("widget.destroy({ end: true })")
    assert ended.value.status == 204
    assert page.evaluate("widget.getToken().then(() => 0, (e) => e.code)") == "session_ended"
    answer = requests.get(
        f"{service.url}/v1/widget/session",
        headers={"Authorization": f"Bearer {token}", "Origin": host.origin()}, timeout=5,
    )  # fmt: skip
    assert answer.json()["error"]["code"] == "session_ended"


def test_manual_renewal_waits_for_the_page(api, host, visitor):
    options = {"inviteToken": minted(api, "camp_test_short")["invite_token"], "renew": "manual"}
    host.page("/manual", BOX, mounting(options))
    page = visitor.open(host.origin() + "/manual")
    wait_for_events(page, "expiring", 1)
    assert count(page, "renewed") == 0
    page.evaluate("widget.refresh()")
    assert count(page, "renewed") == 1


def test_three_lifetimes_pass_and_the_page_keeps_its_state(gallery):
    """Tokens of three seconds, on a page that was opened when the tests began."""
    page = gallery["short"]
    page.wait_for_function("performance.now() > 10500 && widget.state === 'ready'")
    assert count(page, "renewed") >= 3 and count(page, "ready") == 1
    assert count(page, "expired") == 0 and count(page, "error") == 0
    field = page.locator("#box input")
    assert field.is_visible() and field.input_value() == "half a sentence"
    assert page.evaluate("document.activeElement.value") == "half a sentence", "nor did the focus move"
    token = page.evaluate("widget.getToken()")
    with page.expect_event("console", lambda message: message.text == "renewed"):
        page.evaluate("void widget.once('renewed', () => console.log('renewed'))")
    assert page.evaluate("widget.getToken()") != token
    assert page.evaluate("widget.fetch(TokenService.service + '/v1/widget/session').then((a) => a.status)") == 200
