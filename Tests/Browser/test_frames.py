"""The widget's content in a frame: who may frame it, and how a token gets there."""

import json

import pytest
from conftest import accessible, in_state, minted, mounting

BOX = '<div id="box"></div>'
CHILD = """
window.heard = [];
addEventListener('message', (event) => heard.push([event.origin, event.data.type]));
TokenServiceFrame.connect(%s).then(async (client) => {
  window.client = client;
  client.on('renewed', () => heard.push('renewed'));
  document.body.append('token ' + (await client.getToken()).length);
}, (error) => { document.body.append('failed ' + error.message); });
"""


def framing(site, path, invite, frame, **options):
    options = {"inviteToken": invite["invite_token"], "frame": frame, "frameTimeout": 1500, **options}
    return site.page(path, BOX, mounting(options))


def child(site, path, options, **more):
    return site.page(path, "<p>child</p>", CHILD % json.dumps(options), widget="/widget/frame.js", **more)


def service_frame(service):
    return f"{service.url}/widget/frame?workspace_id={service.deployment.workspace_id}"


def test_the_services_frame_gets_its_token_over_a_port(api, host, visitor, service):
    framing(host, "/framed", minted(api), service_frame(service), title="Interview")
    page = visitor.open(host.origin() + "/framed")
    in_state(page, "ready")
    frame = page.frame_locator("iframe[title=Interview]")
    frame.get_by_text("You are connected.").wait_for()
    assert frame.locator("#campaign").inner_text() == "camp_456abc"
    token = page.evaluate("widget.getToken()")
    urls = [one.url for one in visitor.requests] + [one.url for one in page.frames]
    assert all(token not in url and "eyJ" not in url for url in urls)
    assert page.locator("iframe").get_attribute("sandbox") == "allow-scripts allow-same-origin allow-forms"
    page.wait_for_function("events.some(([name]) => name === 'resize')")
    assert not visitor.complaints
    accessible(page)


def test_a_page_that_is_not_on_the_list_can_not_frame_it(api, other, visitor, service):
    framing(other, "/thief", minted(api), service_frame(service))
    page = visitor.open(other.origin() + "/thief")
    in_state(page, "refused", "frame_failed")
    assert any("frame-ancestors" in text for text in visitor.complaints), visitor.complaints
    assert page.evaluate("events.some(([name]) => name === 'loaderror')")
    accessible(page)


@pytest.mark.parametrize("query", ["", "?workspace_id=ws_00000000000000000000000000"])
def test_another_name_in_the_url_does_not_widen_the_list(api, other, visitor, service, query):
    framing(other, "/widen", minted(api), f"{service.url}/widget/frame{query}")
    in_state(visitor.open(other.origin() + "/widen"), "refused", "frame_failed")


def test_a_customers_own_frame(api, host, other, visitor):
    child(other, "/child", {"parentOrigin": host.origin()})
    framing(host, "/parent", minted(api), other.origin() + "/child")
    page = visitor.open(host.origin() + "/parent")
    in_state(page, "ready")
    frame = page.frames[1]
    frame.get_by_text("token ").wait_for()
    assert frame.evaluate("client.getToken()") == page.evaluate("widget.getToken()")
    assert frame.evaluate("client.fetch('/api/echo').then((a) => a.json())") == {
        "authorization": "Bearer " + page.evaluate("widget.getToken()")
    }
    assert "apiOrigins" in frame.evaluate("(url) => client.fetch(url).catch((e) => e.message)", host.origin() + "/api/echo")
    frame.evaluate("client.complete({ score: 7 })")
    page.wait_for_function("events.some(([name, detail]) => name === 'complete' && detail.result.score === 7)")
    frame.evaluate("client.refresh()")
    frame.wait_for_function("heard.includes('renewed')")
    assert frame.evaluate("client.state") == "ready"


def test_a_frame_takes_no_port_from_another_page(api, host, other, visitor):
    child(other, "/strict", {"parentOrigin": "https://customer.example"})
    framing(host, "/parent2", minted(api), other.origin() + "/strict")
    page = visitor.open(host.origin() + "/parent2")
    frame = page.frames[1]
    frame.wait_for_function("heard.length > 0")
    assert frame.evaluate("heard[0]") == [host.origin(), "token-service:port"]
    assert frame.evaluate("typeof client") == "undefined"


def test_a_frame_that_went_elsewhere_gets_no_port(api, host, other, visitor):
    """The frame's URL leads on to another origin: what listens there is not what the page meant."""
    child(other, "/trap", {"parentOrigin": "*"})
    host.pages["away"] = other.origin() + "/trap"
    framing(host, "/parent3", minted(api), host.origin() + "/away/2")
    page = visitor.open(host.origin() + "/parent3")
    in_state(page, "refused", "frame_failed")
    frame = page.frames[1]
    assert frame.url == other.origin() + "/trap"
    assert frame.evaluate("heard.length") == 0 and frame.evaluate("typeof client") == "undefined"


def test_a_window_beside_the_frame_gets_no_port(api, host, other, visitor, service):
    framing(host, "/parent4", minted(api), service_frame(service))
    host.pages["/parent4"][1]["Cross-Origin-Opener-Policy"] = "unsafe-none"
    other.page("/opener", "<p>opener</p>", widget=None)
    page = visitor.open(other.origin() + "/opener")
    with page.expect_popup() as popped:
        page.evaluate("(url) => { window.heard = []; addEventListener('message', (e) => heard.push(e.data)); window.child = open(url) }", host.origin() + "/parent4")
    victim = popped.value
    in_state(victim, "ready")
    page.evaluate("child.postMessage({ type: 'token-service:hello' }, '*')")
    victim.evaluate("new Promise((done) => { addEventListener('message', done); postMessage(1) })")
    assert page.evaluate("heard.length") == 0


def test_a_frame_must_say_whom_it_trusts(host, visitor):
    child(host, "/alone", {})
    page = visitor.open(host.origin() + "/alone")
    page.get_by_text("failed Give parentOrigin").wait_for()
    child(host, "/top", {"parentOrigin": "*"})
    page = visitor.open(host.origin() + "/top")
    page.get_by_text("not in a frame").wait_for()
