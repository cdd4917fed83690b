"""Fixtures: a deployment and a running service, shared where tests do not disturb each other."""

import pathlib
import shutil
import subprocess

import pytest

import harness


def pytest_report_header():
    import os

    return f"executable: {os.environ.get('TOKENSERVICE_BIN', 'TOKENSERVICE_BIN is not set')}"


@pytest.fixture(scope="session")
def deployment(tmp_path_factory):
    """One data directory of environment `test` for all tests that leave it running."""
    return harness.Deployment(harness.fresh_directory(tmp_path_factory.mktemp("deployment")))


@pytest.fixture(scope="session")
def service(deployment):
    """The shared service, without limits by address. Stopped by SIGTERM at the end; its log is searched."""
    running = harness.Service(deployment)
    with running:
        yield running


@pytest.fixture()
def api(service):
    client = service.api()
    yield client
    client.close()


@pytest.fixture()
def widget(service):
    client = service.widget()
    yield client
    client.close()


@pytest.fixture()
def fresh(tmp_path):
    """A data directory of this test's own."""
    return harness.Deployment(harness.fresh_directory(tmp_path))


@pytest.fixture()
def own_service(fresh):
    """A service of this test's own."""
    with harness.Service(fresh) as running:
        yield running


@pytest.fixture(scope="session")
def stranger(tmp_path_factory):
    """Another deployment: other workspace, other issuer, other keys; running."""
    other = harness.Deployment(
        harness.fresh_directory(tmp_path_factory.mktemp("stranger")), issuer="http://localhost:9090"
    )
    with harness.Service(other) as running:
        yield running


@pytest.fixture(scope="session")
def shim(tmp_path_factory):
    """A library to preload that moves the clock by CLOCK_SHIFT_SECONDS.

    A statically linked executable does not see it: then, and where no C compiler is, what needs it is skipped.
    """
    compiler = shutil.which("cc") or shutil.which("clang") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    if b"ld-linux" not in pathlib.Path(harness.executable()).read_bytes()[:65_536]:
        pytest.skip("a statically linked executable")
    target = tmp_path_factory.mktemp("shim") / "clockshim.so"
    source = pathlib.Path(__file__).with_name("clockshim.c")
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-o", target, source], check=True, capture_output=True, timeout=60
    )
    return target
