"""Tokens bound to a key of the browser (DPoP, RFC 9449): exchange, renewals, theft, downgrade, nonces, wrong clocks."""

import base64
import json

import requests
from conftest import MOUNT, in_state, minted, mounting

BOX = '<div id="box"></div>'
OWN = "widget.fetch(TokenService.service + '/v1/widget/session')"


def part(token, index):
    text = token.split(".")[index]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def bound_page(api, host, visitor, path, campaign="camp_456abc", before=None, **options):
    token = minted(api, campaign)["invite_token"]
    host.page(path, BOX, mounting({"inviteToken": token, "bind": "required", **options}))
    page = visitor.context.new_page()
    if before:
        page.add_init_script(before)
    page.goto(host.origin() + path)
    in_state(page, "ready")
    return page


def count(page, name):
    return page.evaluate("(name) => events.filter(([event]) => event === name).length", name)


def steal(service, token, origin, scheme="Bearer", **headers):
    """What another client gets that knows the token and lies about its origin."""
    return requests.get(
        f"{service.url}/v1/widget/session",
        headers={"Authorization": f"{scheme} {token}", "Origin": origin, **headers}, timeout=5,
    )  # fmt: skip


def test_the_exchange_binds_to_a_key_that_can_not_leave(api, host, visitor, service):
    page = bound_page(api, host, visitor, "/bound")
    token = page.evaluate("widget.getToken()")
    assert set(part(token, 1)["cnf"]) == {"jkt"}
    first, second = (one.headers["dpop"] for one in visitor.exchanges())
    assert "nonce" not in part(first, 1) and part(second, 1)["nonce"], "the first answer told the nonce"
    header = part(second, 0)
    assert header["typ"] == "dpop+jwt" and "d" not in header["jwk"]
    assert part(first, 1)["jti"] != part(second, 1)["jti"]
    assert page.evaluate(OWN + ".then((a) => a.status)") == 200
    keys = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert "dpop" not in keys and page.evaluate("indexedDB.databases().then((all) => all.length)") == 0


def test_a_stolen_bound_token_is_refused_from_another_client(api, host, visitor, service):
    page = bound_page(api, host, visitor, "/stolen")
    token = page.evaluate("widget.getToken()")
    with visitor.context.expect_event("request", lambda one: "dpop" in one.headers and one.method == "GET") as seen:
        assert page.evaluate(OWN + ".then((a) => a.status)") == 200
    proof = seen.value.headers["dpop"]
    assert steal(service, token, host.origin()).json()["error"]["code"] == "invalid_token", "downgrade"
    assert steal(service, token, host.origin(), "DPoP").json()["error"]["code"] == "invalid_token"
    replayed = steal(service, token, host.origin(), "DPoP", DPoP=proof)
    assert replayed.status_code == 401 and replayed.json()["error"]["code"] == "invalid_dpop_proof"
    assert replayed.headers["WWW-Authenticate"].startswith("DPoP ")
    assert page.evaluate(OWN + ".then((a) => a.status)") == 200, "its owner goes on"


def test_another_browser_with_a_key_of_its_own(api, host, visitor, visitors):
    """It has the token, runs on the same origin and makes proofs: with the wrong key."""
    page = bound_page(api, host, visitor, "/owner")
    token = page.evaluate("widget.getToken()")
    thief = visitors()
    other = bound_page(api, host, thief, "/thief")
    thief.context.route("**/v1/widget/session", lambda route: route.continue_(
        headers={**route.request.headers, "authorization": f"DPoP {token}"}))  # fmt: skip
    answer = other.evaluate(OWN + ".then(async (a) => [a.status, (await a.json()).error.code])")
    assert answer == [401, "invalid_dpop_proof"], "the proof's hash is of another token"


def test_three_lifetimes_with_a_key(api, host, visitor):
    """Tokens of three seconds: every renewal shows the key, and the page keeps its state."""
    page = bound_page(api, host, visitor, "/lifetimes", "camp_test_short")
    first = page.evaluate("widget.getToken()")
    page.wait_for_function("() => events.filter(([name]) => name === 'renewed').length >= 4")
    assert count(page, "expired") == 0 and count(page, "error") == 0 and count(page, "ready") == 1
    last = page.evaluate("widget.getToken()")
    assert last != first and part(last, 1)["cnf"] == part(first, 1)["cnf"]
    assert part(last, 1)["sid"] == part(first, 1)["sid"]


def test_a_clock_that_is_days_wrong_makes_good_proofs(api, host, visitor):
    wrong = "const now = Date.now; Date.now = () => now() - 5 * 86400e3;"
    page = bound_page(api, host, visitor, "/wrong", "camp_test_short", before=wrong)
    page.wait_for_function("() => events.filter(([name]) => name === 'renewed').length >= 1")
    assert page.evaluate(OWN + ".then((a) => a.status)") == 200


def test_a_nonce_that_is_refused_is_taken_anew(api, host, visitor):
    """The service asks for another nonce in the middle of a session: one more request, and nobody notices."""
    page = bound_page(api, host, visitor, "/nonce")
    asked = []

    def refuse_once(route):
        asked.append(part(route.request.headers["dpop"], 1)["nonce"])
        if len(asked) > 1:
            return route.continue_()
        route.fulfill(
            status=401, json={"error": {"code": "use_dpop_nonce", "message": "", "status": 401, "request_id": "req_1"}},
            headers={"DPoP-Nonce": "another", "Access-Control-Allow-Origin": "*",
                     "Access-Control-Expose-Headers": "DPoP-Nonce"},
        )  # fmt: skip

    visitor.context.route("**/v1/widget/session", refuse_once)
    # The made-up nonce is refused in turn, with the right one.
    assert page.evaluate(OWN + ".then((a) => a.status)") == 200
    assert asked[1] == "another" and len(asked) == 3 and count(page, "renewed") == 0


def test_a_lost_answer_does_not_burn_a_bound_invite(api, host, visitor):
    lost = []

    def lose(route):
        answer = route.fetch()
        if lost or answer.status != 201:
            return route.fulfill(response=answer)
        lost.append(answer.json())
        route.abort("connectionreset")

    visitor.context.route("**/v1/widget/sessions", lose)
    invite = minted(api)
    host.page("/lost-bound", BOX, mounting({"inviteToken": invite["invite_token"], "bind": "required"}))
    page = visitor.open(host.origin() + "/lost-bound")
    in_state(page, "ready")
    assert page.evaluate("widget.session.id") == lost[0]["session_id"]
    assert api.get(f"/v1/invites/{invite['id']}").json()["uses"] == 1


def test_tabs_share_the_key(api, host, visitor):
    invite = minted(api)
    host.page("/tabs-bound", BOX, mounting({"inviteToken": invite["invite_token"], "bind": "required"}))
    pages = [visitor.open(host.origin() + "/tabs-bound") for _ in range(2)]
    for page in pages:
        in_state(page, "ready")
        assert page.evaluate(OWN + ".then((a) => a.status)") == 200
    assert len({page.evaluate("widget.session.id") for page in pages}) == 1
    assert api.get(f"/v1/invites/{invite['id']}").json()["uses"] == 1


def test_two_tabs_in_the_same_moment_with_keys(api, host, visitor):
    invite = minted(api)
    host.page("/pair-bound", BOX, MOUNT)
    pages = [visitor.open(host.origin() + "/pair-bound") for _ in range(2)]
    for page in pages:
        page.evaluate(
            "(inviteToken) => { setTimeout(() => mountWith({ inviteToken, bind: 'required' }), 300) }",
            invite["invite_token"],
        )
    for page in pages:
        in_state(page, "ready")
        assert page.evaluate(OWN + ".then((a) => a.status)") == 200
    assert len({page.evaluate("widget.session.id") for page in pages}) == 1


def test_an_end_is_proven_too(api, host, visitor, service):
    page = bound_page(api, host, visitor, "/end-bound")
    with page.expect_response(lambda answer: answer.request.method == "DELETE" and answer.status == 204):
        page.evaluate("widget.destroy({ end: true })")
    assert page.evaluate("widget.getToken().then(() => 0, (e) => e.code)") == "session_ended"


def test_a_service_that_binds_nothing_is_not_taken_where_binding_is_required(api, host, visitor):
    token = minted(api)["invite_token"]
    host.page("/strip", BOX, MOUNT)
    page = visitor.open(host.origin() + "/strip")

    def unbound(route):
        fields = {name: value for name, value in route.request.headers.items() if name != "dpop"}
        route.continue_(headers=fields)

    visitor.context.route("**/v1/widget/sessions", unbound)
    page.evaluate("(inviteToken) => { mountWith({ inviteToken, bind: 'required' }) }", token)
    in_state(page, "refused", "binding_refused")
    assert page.evaluate("widget.getToken().then(() => 0, (e) => e.code)") == "binding_refused"


def test_a_preferred_binding_is_used_where_it_can_be(api, host, visitor):
    token = minted(api)["invite_token"]
    host.page("/preferred", BOX, mounting({"inviteToken": token, "bind": "preferred"}))
    page = visitor.open(host.origin() + "/preferred")
    in_state(page, "ready")
    assert "cnf" in part(page.evaluate("widget.getToken()"), 1)


def test_a_policy_that_requires_binding(api, host, visitor):
    assert api.put("/v1/campaigns/camp_bound/policy", {"bound_tokens_required": True}).status_code == 200
    bound_page(api, host, visitor, "/policy-bound", "camp_bound")
    token = minted(api, "camp_bound")["invite_token"]
    host.page("/policy-unbound", BOX, mounting({"inviteToken": token}))
    page = visitor.open(host.origin() + "/policy-unbound")
    in_state(page, "refused", "policy_violation")
