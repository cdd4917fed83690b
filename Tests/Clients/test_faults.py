"""Every call that an operation makes to the disk and to its socket fails once: the first, the second, … until a run has
none left. What was acknowledged before, during and after is there when the process is killed and started again.

The calls are failed by a preloaded shim (faultshim.c). FAULTS=all tries every error at every call of every
operation; without it each operation meets one error, and the errors take turns.
"""

import errno
import mmap
import os
import pathlib
import shutil
import struct
import subprocess

import pytest
import requests

import harness
from harness import assert_error, campaign, email, nonce, number

DISK, SOCKET = 1, 2
SHORT = 0
ERRORS = {
    DISK: [errno.EIO, errno.ENOSPC, SHORT, errno.EINTR],
    SOCKET: [errno.ECONNRESET, errno.EINTR, errno.EAGAIN, SHORT, errno.EPIPE],
}
# Counted by name, because which of several comes first differs from run to run.
CALLS = {DISK: ["pwrite", "fdatasync", "fsync", "ftruncate", "pread"], SOCKET: ["accept4", "recv", "send"]}
WRITES = ("pwrite", "send")
CALLS_MAX = 100
OPERATIONS = ["mint", "redeem", "rotate", "revoke"]


def cases():
    """Each operation with the calls that fail and how."""
    everything = os.environ.get("FAULTS") == "all"
    for place, operation in enumerate(OPERATIONS):
        for group in (DISK, SOCKET) if everything else (SOCKET if place & 2 else DISK,):
            for error in ERRORS[group] if everything else [ERRORS[group][place]]:
                yield pytest.param(operation, group, error, id=f"{operation}-{name_of(group)}-{name_of_error(error)}")


def name_of(group):
    return "disk" if group == DISK else "socket"


def name_of_error(error):
    return "short" if error == SHORT else errno.errorcode[error]


@pytest.fixture(scope="session")
def shim(tmp_path_factory):
    compiler = shutil.which("cc") or shutil.which("clang") or shutil.which("gcc")
    assert compiler, "the fault points need a C compiler (clang comes with Swift)"
    if b"ld-linux" not in pathlib.Path(harness.executable()).read_bytes()[:65_536]:
        pytest.skip("a statically linked executable does not see a preloaded shim")
    target = tmp_path_factory.mktemp("shim") / "faultshim.so"
    source = pathlib.Path(__file__).with_name("faultshim.c")
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", target, source, "-ldl"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return target


class Faults:
    """The page that the service and the test share."""

    LAYOUT = struct.Struct("<5i16s")

    def __init__(self, path):
        path.write_bytes(bytes(4096))
        self.path = path
        with path.open("r+b") as file:
            self.page = mmap.mmap(file.fileno(), 4096)

    def arm(self, group, nth, error, only):
        self.page[0 : self.LAYOUT.size] = self.LAYOUT.pack(0, nth, error, 0, 0, only.encode())
        self.page[0:4] = struct.pack("<i", group)

    def disarm(self):
        """Whether a call failed; if not, none was left to fail."""
        self.page[0:4] = bytes(4)
        return bool(self.LAYOUT.unpack(self.page[0 : self.LAYOUT.size])[4])


class Stage:
    """One deployment, its process, and what its clients were told."""

    def __init__(self, deployment, shim, page):
        self.faults = Faults(page)
        self.running = harness.Service(deployment, env={"LD_PRELOAD": str(shim), "FAULT_FILE": str(page)}).start()
        self.kept = []

    def ask(self, method, path, body=None, headers=None, key=True):
        """One request on a connection of its own; None where no whole answer came."""
        headers = {"Connection": "close", **(headers or {})}
        if key:
            headers["Authorization"] = f"Bearer {self.running.deployment.secret}"
        try:
            with requests.Session() as session:
                session.trust_env = False
                return session.request(method, self.running.url + path, json=body, headers=headers, timeout=20)
        except requests.RequestException:
            return None

    def again(self):
        """Killed and started again, as after a crash."""
        assert self.running.process.poll() is None, f"the process ended by itself:\n{self.running.output()[-2000:]}"
        assert not harness.TRAP_SHAPE.search(self.running.output()), self.running.output()[-2000:]
        self.running.kill()
        self.running.restart()


def acknowledged(answer, *statuses):
    """Whether the client was told yes; anything else must be a refusal that says so, or no whole answer."""
    if answer is None:
        return False
    if answer.status_code in statuses:
        return True
    assert answer.status_code in (503, 408), (answer.status_code, answer.text)
    return False


class Mint:
    """A mint under an Idempotency-Key."""

    def __init__(self, stage):
        self.stage, self.camp = stage, campaign("fault")
        self.headers = {"Idempotency-Key": f"fault-{number()}"}
        self.body = {"campaign_id": self.camp, "participant_email": email()}

    def run(self):
        self.answer = self.stage.ask("POST", "/v1/invites", self.body, self.headers)

    def hold(self):
        told = acknowledged(self.answer, 201)
        found = self.stage.running.api().pages("/v1/invites", campaign_id=self.camp)
        if told:
            assert [item["id"] for item in found] == [self.answer.json()["id"]], "an acknowledged mint is lost"
        again = self.stage.ask("POST", "/v1/invites", self.body, self.headers)
        assert again.status_code == 201, again.text
        found = self.stage.running.api().pages("/v1/invites", campaign_id=self.camp)
        assert [item["id"] for item in found] == [again.json()["id"]], "a mint that was repeated is there twice"


class Redeem:
    """The exchange of an invite by a holder who can ask again."""

    def __init__(self, stage):
        self.stage = stage
        self.invite = stage.running.api().mint(campaign("fault"))
        self.body = {"invite_token": self.invite["invite_token"], "holder_nonce": nonce()}

    def run(self):
        self.answer = self.stage.ask("POST", "/v1/widget/sessions", self.body, key=False)

    def hold(self):
        told = acknowledged(self.answer, 201)
        api, widget = self.stage.running.api(), self.stage.running.widget()
        stored = api.get(f"/v1/invites/{self.invite['id']}").json()
        if told:
            assert stored["uses"] == 1, "an acknowledged redeem is lost"
            assert_error(widget.redeem(self.invite["invite_token"], nonce()), 409, "invite_used")
            assert widget.validate(self.answer.json()["participant_token"]).status_code == 200
        again = widget.redeem(self.invite["invite_token"], self.body["holder_nonce"])
        assert again.status_code == (200 if stored["uses"] else 201), again.text
        if told:
            assert again.json()["session_id"] == self.answer.json()["session_id"]
        assert api.get(f"/v1/invites/{self.invite['id']}").json()["uses"] == 1


class Rotate:
    """A new secret for a key, under an Idempotency-Key."""

    def __init__(self, stage):
        self.stage, self.name = stage, f"rotated {number()}"
        self.key = stage.running.api().make_key(["invites:read"], name=self.name)
        self.headers = {"Idempotency-Key": f"fault-{number()}"}
        self.path = f"/v1/api-keys/{self.key['id']}/rotate"

    def run(self):
        self.answer = self.stage.ask("POST", self.path, {}, self.headers)

    def hold(self):
        told = acknowledged(self.answer, 201)
        api = self.stage.running.api()
        assert self.stage.running.api(self.key["secret"]).get("/v1/invites").status_code == 200, "before its time"
        if told:
            secret = self.answer.json()["secret"]
            assert self.stage.running.api(secret).get("/v1/invites").status_code == 200, "a rotation is lost"
        again = self.stage.ask("POST", self.path, {}, self.headers)
        assert again.status_code == 201, again.text
        if told:
            assert again.json()["id"] == self.answer.json()["id"]
        same = [item for item in api.pages("/v1/api-keys") if item["name"] == self.name]
        assert len(same) == 2, f"{len(same)} keys after one rotation"


class Revoke:
    """The end of an invite and of all that came of it."""

    def __init__(self, stage):
        self.stage = stage
        self.invite = stage.running.api().mint(campaign("fault"))
        self.session = stage.running.widget().open(self.invite["invite_token"])

    def run(self):
        self.answer = self.stage.ask("DELETE", f"/v1/invites/{self.invite['id']}")

    def hold(self):
        api, widget = self.stage.running.api(), self.stage.running.widget()
        if acknowledged(self.answer, 204):
            assert api.code_of(self.invite["invite_token"]) == "invite_revoked", "a revocation is lost"
            assert_error(widget.validate(self.session["participant_token"]), 410, ["token_revoked", "session_ended"])
        assert api.delete(f"/v1/invites/{self.invite['id']}").status_code == 204
        assert api.code_of(self.invite["invite_token"]) == "invite_revoked"
        assert_error(widget.validate(self.session["participant_token"]), 410, ["token_revoked", "session_ended"])


STORIES = {"mint": Mint, "redeem": Redeem, "rotate": Rotate, "revoke": Revoke}


@pytest.mark.parametrize("operation, group, error", list(cases()))
def test_the_nth_call_fails(fresh, shim, tmp_path, operation, group, error):
    stage = Stage(fresh, shim, tmp_path / "fault-page")
    failed, told, runs = {}, 0, 0
    try:
        for call in CALLS[group]:
            if error == SHORT and call not in WRITES:
                continue
            for nth in range(1, CALLS_MAX):
                story = STORIES[operation](stage)
                stage.faults.arm(group, nth, error, call)
                story.run()
                has_failed = stage.faults.disarm()
                is_told = acknowledged(story.answer, 201, 204)
                assert has_failed or is_told, f"no fault, and no answer: {story.answer}"
                stage.again()
                story.hold()
                runs, told = runs + 1, told + is_told
                if not has_failed:
                    break
                failed[call] = nth
            else:
                raise AssertionError(f"{operation} makes more than {CALLS_MAX} calls of {call}")
        stage.running.stop()
        # A mint that wrote nothing, or synced nothing, would make this test show nothing.
        assert failed.get("pwrite" if group == DISK else "send"), failed
        assert group != DISK or error == SHORT or failed.get("fdatasync") or failed.get("fsync"), failed
        in_turn = ", ".join(f"{count} {call}" for call, count in failed.items())
        print(f"{operation}: {in_turn} failed in turn; {told} of {runs} runs acknowledged, 0 lost")
    finally:
        stage.running.kill()
