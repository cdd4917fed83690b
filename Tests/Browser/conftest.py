"""Fixtures: one service, one browser, two customers' sites on other origins; a fresh browser context for each test."""

import json
import os
import pathlib
import shutil
import sqlite3
import sys

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Clients"))

import harness  # noqa: E402
from hosts import Host  # noqa: E402

DEADLINE_MS = 15_000
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def browser_path():
    named = os.environ.get("TOKENSERVICE_TEST_CHROMIUM")
    found = named or next((path for path in map(shutil.which, BROWSERS) if path), None)
    assert found, "no Chromium: scripts/install-deps test installs it, or set TOKENSERVICE_TEST_CHROMIUM"
    return found


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        running = playwright.chromium.launch(executable_path=browser_path(), args=arguments)
        yield running
        running.close()


@pytest.fixture(scope="session")
def hosts():
    """Two customers; their pages' origins differ by the port alone."""
    made = [Host(""), Host("")]
    yield made
    for host in made:
        host.close()


@pytest.fixture(scope="session")
def service(tmp_path_factory, hosts):
    deployment = harness.Deployment(harness.fresh_directory(tmp_path_factory.mktemp("deployment")))
    allow_framing(deployment, [hosts[0].origin()])
    with harness.Service(deployment, log_may_hold=[]) as running:
        for host in hosts:
            host.service_url = running.url
        yield running


def allow_framing(deployment, origins):
    """Sets the workspace's list of origins, before the service runs."""
    with sqlite3.connect(next(deployment.data_dir.glob("*.sqlite*"))) as base:
        (text,) = base.execute("SELECT settings FROM workspaces").fetchone()
        settings = {**json.loads(text), "allowed_origins": origins}
        base.execute("UPDATE workspaces SET settings = ?", (json.dumps(settings).encode(),))
    base.close()


@pytest.fixture()
def api(service):
    client = service.api()
    yield client
    client.close()


@pytest.fixture()
def host(service, hosts):
    return hosts[0]


@pytest.fixture()
def other(service, hosts):
    return hosts[1]


class Visitor:
    """A browser context that notes what its pages ask for and what they complain about."""

    def __init__(self, context):
        self.context = context
        self.requests, self.complaints = [], []
        context.set_default_timeout(DEADLINE_MS)
        context.on("request", lambda one: self.requests.append(one))
        context.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))

    def open(self, url):
        page = self.context.new_page()
        page.goto(url)
        return page

    def exchanges(self):
        return [one for one in self.requests if one.method == "POST" and one.url.endswith("/v1/widget/sessions")]


@pytest.fixture()
def visitor(browser):
    context = browser.new_context(viewport={"width": 900, "height": 700})
    yield Visitor(context)
    context.close()


@pytest.fixture()
def visitors(browser):
    """As many separate browsers as a test asks for."""
    contexts = []

    def make(**options):
        contexts.append(browser.new_context(**options))
        return Visitor(contexts[-1])

    yield make
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def gallery(request, browser, service, hosts):
    """A page for each test campaign that the module names in LASTING, all mounted when its first test begins.

    For states that take their time, or stay: they are looked at when they are due.
    """
    context = browser.new_context(viewport={"width": 900, "height": 700})
    context.set_default_timeout(DEADLINE_MS)
    api, pages = service.api(), {}
    for name in request.module.LASTING:
        script = mounting({"inviteToken": minted(api, f"camp_test_{name}")["invite_token"]})
        if name in ("short", "last"):
            script += "widget.content.append(Object.assign(document.createElement('input'), { ariaLabel: 'Text' }));"
            script += "widget.content.firstChild.value = 'half a sentence';"
            script += "widget.once('ready', () => widget.content.firstChild.focus());"
        hosts[0].page(f"/gallery/{name}", '<div id="box"></div>', script)
        pages[name] = context.new_page()
        pages[name].goto(hosts[0].origin() + f"/gallery/{name}")
    api.close()
    yield pages
    context.close()


def accessible(page):
    """No violation that axe-core knows of, in light and in dark."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page).response["violations"]
        assert not found, (scheme, [(one["id"], [node["html"] for node in one["nodes"]]) for one in found])


def in_state(page, state, code=None, selector="#box"):
    """Waits until the widget says so."""
    wanted = f'{selector}[data-state="{state}"]' + (f'[data-code="{code}"]' if code else "")
    page.wait_for_selector(wanted, state="attached")


MOUNT = """
window.events = [];
const note = (name) => (detail) => events.push([name, detail]);
const names = ['ready', 'renewed', 'expiring', 'expired', 'error', 'loaderror', 'complete', 'resize', 'state'];
window.mountWith = (options, target = '#box') => {
  window.widget = TokenService.mount(target, options);
  for (const name of names) widget.on(name, note(name));
  return widget;
};
"""


def mounting(options):
    """A script that mounts the widget with these options at once."""
    return MOUNT + f"mountWith({json.dumps(options)});"


def minted(api, campaign="camp_456abc", **more):
    return api.mint(campaign_id=campaign, **more)
