"""`scripts/dev --replicas 3` as somebody new to it runs it: its own commands, a replica that dies, and Ctrl-C."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

import harness
import postgres
import pytest
import requests
from harness import email

HTTP = requests.Session()
HTTP.trust_env = False
REPLICA = re.compile(r"^replica (\d)\s+127\.0\.0\.1:(\d+), admin 127\.0\.0\.1:(\d+), process (\d+), log (\S+)$")


@pytest.fixture(autouse=True, scope="module")
def has_everything():
    if not postgres.available():
        pytest.skip("the executable was built without PostgreSQL, or it is not installed")
    if shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin") is None:
        pytest.skip("nginx is not installed")


def free_ports(count):
    """The first of so many free ports in a row."""
    for first in range(20_000 + os.getpid() % 5_000, 32_000, count):
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise AssertionError("no free ports")


class Replicas:
    """The script, in a process group of its own as a terminal gives it one. A context manager."""

    def __init__(self):
        # Short, since a path to a socket is; and open to PostgreSQL's user.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="dev-"))
        self.folder.chmod(0o711)
        self.port = free_ports(7)
        self.lines, self.is_up = [], threading.Event()

    def __enter__(self):
        env = {
            **harness.clean_environment(), "TMPDIR": str(self.folder), "TOKENSERVICE_BIN": harness.executable(),
            "TOKENSERVICE_REPLICAS_PORT": str(self.port),
        }  # fmt: skip
        self.process = subprocess.Popen(
            [harness.TOP / "scripts" / "dev", "--replicas", "3"], env=env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        if not self.is_up.wait(60) or self.process.poll() is not None:
            self.__exit__()
            raise AssertionError(self.output)
        self.replicas = {int(found[1]): found for found in filter(None, map(REPLICA.match, self.lines))}
        assert set(self.replicas) == {1, 2, 3}, self.output
        self.url = f"http://127.0.0.1:{self.port}"
        self.key = re.search(r"^API key\s+(\S+)$", self.output, re.M)[1]
        return self

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if "Ctrl-C stops" in line:
                self.is_up.set()
        self.is_up.set()

    @property
    def output(self):
        return "\n".join(self.lines)

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=30)
        self.reader.join(timeout=5)
        shutil.rmtree(self.folder, ignore_errors=True)

    def direct(self, number):
        return f"http://127.0.0.1:{self.replicas[number][2]}"

    def pid(self, number):
        return int(self.replicas[number][4])

    def remains(self):
        """Processes that work in the folder, and what is in it."""
        found = []
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if str(self.folder).encode() in path.read_bytes():
                    found.append(path.parent.name)
            except OSError:
                continue
        return found, list(self.folder.iterdir())


def post(url, path, body, key=None):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return HTTP.post(url + path, json=body, headers=headers, timeout=10)


def validate(url, token):
    return HTTP.get(url + "/v1/widget/session", headers={"Authorization": f"Bearer {token}"}, timeout=10).status_code


def open_session(url, key):
    minted = post(url, "/v1/invites", {"campaign_id": "demo", "participant_email": email()}, key)
    assert minted.status_code == 201, minted.text
    opened = post(url, "/v1/widget/sessions", {"invite_token": minted.json()["invite_token"]})
    assert opened.status_code == 201, opened.text
    return opened.json()


def test_three_replicas_from_one_command_to_ctrl_c():
    with Replicas() as dev:
        # What it tells a reader to type.
        command = re.search(r"^  curl .*(\n    .*)+", dev.output, re.M)[0]
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30)
        assert '"invite_token":"' in done.stdout, (done.stdout, done.stderr)

        session = open_session(dev.url, dev.key)
        everywhere = [dev.url] * 3 + [dev.direct(number) for number in (1, 2, 3)]
        for url in everywhere:
            assert validate(url, session["participant_token"]) == 200
        revoked = post(dev.direct(1), "/v1/revocations", {"session_id": session["session_id"]}, dev.key)
        assert revoked.status_code == 201
        for url in everywhere:
            harness.wait_until("a revocation", lambda: validate(url, session["participant_token"]) == 410, 1.0)
        # More than nginx keeps in memory, there and back.
        items = [
            {"campaign_id": "demo", "participant_email": email(), "metadata": {"note": "n" * 300}} for _ in range(500)
        ]
        batch = post(dev.url, "/v1/invites/batch", {"invites": items}, dev.key)
        assert batch.status_code == 200 and len(batch.json()["results"]) == 500, batch.text[:300]
        assert len(HTTP.get(dev.url + "/openapi.yaml", timeout=10).content) > 100_000

        os.kill(dev.pid(2), signal.SIGKILL)
        harness.wait_until("word of it", lambda: "replica 2 ended; what is left goes on." in dev.lines)
        again = open_session(dev.url, dev.key)
        for _ in range(30):
            assert validate(dev.url, again["participant_token"]) == 200
            open_session(dev.url, dev.key)
        assert dev.process.poll() is None

        os.killpg(dev.process.pid, signal.SIGINT)
        assert dev.process.wait(timeout=30) == 0, dev.output
        assert dev.remains() == ([], [])
        assert requests_are_refused(dev.url)


def test_without_a_replica_it_ends_and_leaves_nothing():
    with Replicas() as dev:
        for number in (1, 2, 3):
            os.kill(dev.pid(number), signal.SIGKILL)
        assert dev.process.wait(timeout=30) == 1
        dev.reader.join(timeout=5)
        assert "Stopping what is left." in dev.output
        assert dev.remains() == ([], [])


def requests_are_refused(url):
    try:
        HTTP.get(url, timeout=5)
    except requests.ConnectionError:
        return True
    return False
