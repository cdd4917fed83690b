"""Every state that a participant can get to see: its words, its roles, and that axe has nothing to say against it."""

import pytest
from conftest import MOUNT, accessible, in_state, minted, mounting

pytestmark = pytest.mark.usefixtures("gallery")
LASTING = ["last", "ended", "used", "expired", "revoked", "invalid", "origin", "rate_limited", "unavailable", "ok"]
BOX = '<div id="box"></div>'

# Test campaign, then the state that it forces, its code, the role that speaks, a word of what it says.
FORCED = [
    ("camp_test_used", "refused", "invite_used", "alert", "already used"),
    ("camp_test_expired", "refused", "invite_expired", "alert", "expired"),
    ("camp_test_revoked", "refused", "invite_revoked", "alert", "no longer valid"),
    ("camp_test_invalid", "refused", "invalid_token", "alert", "not valid"),
    ("camp_test_origin", "refused", "origin_not_allowed", "alert", "may not show"),
    ("camp_test_rate_limited", "waiting", "rate_limited", "status", "Too many"),
    ("camp_test_unavailable", "waiting", "unavailable", "status", "does not answer"),
    ("camp_test_slow", "loading", None, "status", "Connecting"),
    ("camp_test_ok", "ready", None, "status", "connected"),
    ("camp_test_ended", "expired", "session_ended", "alert", "session has ended"),
    ("camp_test_last", "expired", "session_ended", "alert", "session has ended"),
    ("camp_test_renew_fails", "waiting", "unavailable", "status", "does not answer"),
    ("camp_test_slow_renew", "renewing", None, None, None),
]


@pytest.mark.parametrize(("campaign", "state", "code", "role", "words"), FORCED, ids=[row[0] for row in FORCED])
def test_a_test_campaign_forces_its_state(api, host, visitor, gallery, campaign, state, code, role, words):
    page = gallery.get(campaign.removeprefix("camp_test_"))
    if page is None:
        host.page("/state", BOX, mounting({"inviteToken": minted(api, campaign)["invite_token"]}))
        page = visitor.open(host.origin() + "/state")
    in_state(page, state, code)
    if role:
        page.locator(f"#box div[role={role}]").get_by_text(words).wait_for()
        assert page.locator("#box p").count() == 1, "one thing is said at a time"
    else:
        assert page.locator("#box p").count() == 0, "a renewal is silent"
    if campaign not in ("camp_test_slow", "camp_test_slow_renew", "camp_test_renew_fails"):
        accessible(page)
    if state == "refused":
        assert page.evaluate("widget.ready.then(() => 0, (e) => e.code)") == code
        assert page.evaluate("widget.getToken().then(() => 0, (e) => e.code)") == code
        told = page.evaluate("events.filter(([name]) => name === 'error').map(([, detail]) => detail.code)")
        assert told[-1] == code


def test_the_reference_of_a_refusal_is_shown(api, host, visitor):
    host.page("/used", BOX, mounting({"inviteToken": minted(api, "camp_test_used")["invite_token"]}))
    page = visitor.open(host.origin() + "/used")
    in_state(page, "refused", "invite_used")
    identifier = page.evaluate("widget.error.requestId")
    assert identifier.startswith("req_")
    assert identifier in page.locator("#box small").inner_text()


def test_a_real_used_invite_and_a_real_revoked_one(api, host, visitors):
    invite = minted(api)
    host.page("/one", BOX, mounting({"inviteToken": invite["invite_token"]}))
    in_state(visitors().open(host.origin() + "/one"), "ready")
    in_state(visitors().open(host.origin() + "/one"), "refused", "invite_used")
    gone = minted(api)
    assert api.delete(f"/v1/invites/{gone['id']}").status_code == 204
    host.page("/gone", BOX, mounting({"inviteToken": gone["invite_token"]}))
    in_state(visitors().open(host.origin() + "/gone"), "refused", "invite_revoked")


def test_words_can_be_replaced(api, host, visitor):
    options = {
        "inviteToken": minted(api, "camp_test_expired")["invite_token"],
        "locale": "de",
        "messages": {"invite_expired": "Diese Einladung ist abgelaufen."},
    }
    host.page("/german", BOX, mounting(options))
    page = visitor.open(host.origin() + "/german")
    in_state(page, "refused")
    assert page.locator("#box p").inner_text() == "Diese Einladung ist abgelaufen."
    assert page.evaluate("document.querySelector('#box').firstElementChild.lang") == "de"
    page.evaluate("widget.update({ messages: { invite_expired: 'Vorbei.' } })")
    assert page.locator("#box p").inner_text() == "Vorbei."
    accessible(page)


@pytest.mark.parametrize(("theme", "is_dark"), [("light", False), ("dark", True), ("auto", True)])
def test_light_and_dark(api, host, visitors, theme, is_dark):
    options = {"inviteToken": minted(api, "camp_test_used")["invite_token"], "theme": theme}
    host.page("/theme", BOX, mounting(options))
    page = visitors(color_scheme="dark").open(host.origin() + "/theme")
    in_state(page, "refused")
    color = page.locator("#box .p[role=alert]").evaluate("(panel) => getComputedStyle(panel).backgroundColor")
    red = int(color.split("(")[1].split(",")[0])
    assert (red < 64) == is_dark, color


def test_an_api_key_is_refused_and_never_sent(service, host, visitor):
    key = service.deployment.secret
    for number, options in enumerate([{"inviteToken": key}, {"inviteToken": "acme_" + key[-43:]}, {"inviteToken": "x", "title": key}]):
        script = MOUNT + f"try {{ mountWith({options!r}) }} catch (e) {{ window.thrown = e.code }}"
        host.page(f"/key{number}", BOX, script)
        page = visitor.open(host.origin() + f"/key{number}")
        assert page.evaluate("thrown") == "secret_key_in_browser"
    host.page("/later", BOX, MOUNT + f"mountWith({{ fetchInviteToken: async () => {key!r} }})")
    page = visitor.open(host.origin() + "/later")
    in_state(page, "refused", "secret_key_in_browser")
    page.get_by_text("not set up correctly").wait_for()
    assert any("secret key" in text for text in visitor.complaints)
    assert not [one for one in visitor.requests if "/v1/" in one.url]
    assert all(key not in (one.post_data or "") + one.url for one in visitor.requests)


@pytest.mark.parametrize("token", ["garbage", "a.b", "", "a.b.c.d", "a b.c.d"])
def test_what_is_no_token_is_not_sent(host, visitor, token):
    host.page("/garbage", BOX, MOUNT + f"mountWith({{ fetchInviteToken: async () => {token!r} }})")
    in_state(visitor.open(host.origin() + "/garbage"), "refused", "invalid_token")
    assert not visitor.exchanges()


def test_mounting_wrongly_says_so(api, host, visitor):
    host.page("/wrong", BOX, MOUNT)
    page = visitor.open(host.origin() + "/wrong")
    tried = "(f) => { try { f(); return '' } catch (e) { return e.message } }"
    assert "no element" in page.evaluate(f"({tried})(() => mountWith({{ inviteToken: 'a.b.c' }}, '#nothing'))")
    assert "inviteToken" in page.evaluate(f"({tried})(() => mountWith({{}}))")
    token = minted(api)["invite_token"]
    page.evaluate("(inviteToken) => { mountWith({ inviteToken }) }", token)
    assert "already" in page.evaluate(f"({tried})(() => TokenService.mount('#box', {{ inviteToken: 'a.b.c' }}))")


def test_the_focus_goes_to_the_message_when_the_content_is_taken_away(gallery):
    page = gallery["last"]
    in_state(page, "expired", "session_ended")
    assert page.evaluate("document.activeElement.shadowRoot.activeElement.getAttribute('role')") == "alert"
    assert page.locator("#box input").is_hidden()


def test_continue_fetches_a_fresh_invite(api, host, visitor):
    tokens = [minted(api, "camp_test_last")["invite_token"], minted(api)["invite_token"]]
    host.page("/again", BOX, MOUNT + f"const tokens = {tokens!r}; mountWith({{ fetchInviteToken: async () => tokens.shift() }})")
    page = visitor.open(host.origin() + "/again")
    in_state(page, "expired", "session_ended")
    button = page.get_by_role("button", name="Continue")
    accessible(page)
    button.focus()
    page.keyboard.press("Enter")
    in_state(page, "ready")
    assert page.evaluate("widget.session.campaign") == "camp_456abc"
