"""The demonstration of `token-service dev`: its page, its buttons, its backend."""

import socket
import subprocess
import threading

import harness
import pytest
import requests
from conftest import accessible, in_state

CONTAINER = "#interview-container"


def free_ports():
    """A port whose two neighbours are free as well."""
    for _ in range(50):
        with socket.create_server(("127.0.0.1", 0)) as one:
            port = one.getsockname()[1]
        try:
            for number in range(port, port + 3):
                socket.create_server(("127.0.0.1", number)).close()
        except OSError:
            continue
        return port
    raise AssertionError("no three free ports in a row")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("demo"), free_ports()
    process = subprocess.Popen(
        [harness.executable(), "dev", "--port", str(port)], cwd=folder, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=harness.clean_environment({"HOME": str(folder)}),
    )  # fmt: skip
    said, ready = [], threading.Event()

    def read():
        for raw in process.stdout:
            said.append(raw.decode())
            if "Ctrl-C" in said[-1]:
                ready.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    assert ready.wait(30), "".join(said)
    yield {"page": f"http://localhost:{port + 2}", "service": f"http://127.0.0.1:{port}", "banner": "".join(said)}
    process.terminate()
    assert process.wait(timeout=15) == 0
    reader.join(timeout=5)


def line(page, text):
    page.locator("#line b").filter(has_text=text).first.wait_for()


def test_the_story_of_a_token(demo, visitor):
    assert demo["page"] + "/" in demo["banner"]
    page = visitor.open(demo["page"])
    in_state(page, "ready", selector=CONTAINER)
    for text in ("Minted", "Redeemed"):
        line(page, text)
    page.wait_for_function("document.querySelector('#claims').textContent.includes('campaign_id')")
    assert demo["page"] in page.locator("#claims").inner_text(), "the token names its origin"
    accessible(page)
    page.locator("#interview-container input").fill("kept")

    page.get_by_role("button", name="Steal this token").click()
    for text in ("another web site", "nothing of an origin", "lies about its origin", "its origin and has a key"):
        line(page, f"{text}: 401")
    assert page.locator("#line li:not(.bad) b").filter(has_text="Stolen").count() == 4, "refusals are good news"

    page.get_by_role("button", name="Expire now").click()
    line(page, "Renewed")
    line(page, "own request: 200")

    page.get_by_role("button", name="Go offline").click()
    in_state(page, "offline", "network_error", CONTAINER)
    accessible(page)
    page.get_by_role("button", name="Go on line").click()
    in_state(page, "ready", selector=CONTAINER)
    assert page.locator("#interview-container input").input_value() == "kept"

    page.get_by_role("button", name="Revoke").click()
    in_state(page, "expired", "session_ended", CONTAINER)
    line(page, "The next request: 410")
    accessible(page)
    page.get_by_role("button", name="Continue").click()
    in_state(page, "ready", selector=CONTAINER)


def test_a_token_that_is_bound_to_no_key(demo, visitor):
    page = visitor.open(demo["page"])
    in_state(page, "ready", selector=CONTAINER)
    page.get_by_label("bound to a key").uncheck()
    page.get_by_role("button", name="Mint and mount").click()
    page.wait_for_function("() => document.querySelectorAll('#line b').length >= 4")
    in_state(page, "ready", selector=CONTAINER)
    page.get_by_role("button", name="Steal this token").click()
    for text in ("Stolen, from another web site: 403", "nothing of an origin: 403", "lies about its origin: 200"):
        line(page, text)
    page.get_by_role("button", name="Expire now").click()
    line(page, "The old token: 410")
    line(page, "own request: 200")


def test_the_same_in_a_frame(demo, visitor):
    page = visitor.open(demo["page"])
    in_state(page, "ready", selector=CONTAINER)
    page.get_by_label("in a frame").check()
    page.get_by_role("button", name="Mint and mount").click()
    page.frame_locator(f"{CONTAINER} iframe").get_by_text("You are connected.").wait_for()
    accessible(page)
    asked = [text for text in visitor.complaints if "status of 401" in text]
    assert asked == visitor.complaints and len(asked) <= 2, "the first proof is told its nonce, and nothing else is wrong"


@pytest.mark.parametrize("path", ["invites", "expire", "revoke", "steal"])
def test_its_backend_serves_its_own_page_alone(demo, path):
    for headers in ({}, {"Origin": "http://evil.example"}, {"Origin": demo["service"]}, {"Origin": "null"}):
        answer = requests.post(f"{demo['page']}/demo/{path}", json={}, headers=headers, timeout=5)
        assert answer.status_code == 403, (headers, answer.text)
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
    for base in (demo["service"],):
        assert requests.post(f"{base}/demo/{path}", json={}, headers={"Origin": demo["page"]}, timeout=5).status_code == 404


def test_serve_has_no_demonstration(service):
    for path in ("/demo.js", "/demo/invites", "/"):
        assert requests.get(service.url + path, timeout=5).status_code == 404
