"""The system calls behind one answer, as strace sees them: the sync of the write-ahead log returns before the answer
is sent, and covers all that was written for it."""

import re
import shutil
import subprocess

import pytest

import harness
from harness import campaign, email
from wire import Wire, request

LINE = re.compile(r"^\d+ +(?P<text>.*)$")
SYNCED = re.compile(r"\b(fdatasync|fsync)(\(| resumed>).*= 0$")
WRITTEN = re.compile(r"\bpwrite64\(\d+<[^>]*-wal>")
SENT = re.compile(r"\b(sendto|sendmsg|write|writev)\(")


@pytest.fixture()
def traced(fresh, tmp_path, monkeypatch):
    """A service that runs under strace from its first instruction on (it lets nobody attach later), and the trace."""
    strace = shutil.which("strace")
    assert strace, "strace is missing: scripts/install-deps test"
    probe = subprocess.run([strace, "-o", "/dev/null", "true"], capture_output=True, text=True, timeout=30)
    assert probe.returncode == 0, f"this machine does not permit tracing (ptrace): {probe.stderr.strip()}"
    log, script = tmp_path / "trace", tmp_path / "serve"
    calls = "trace=fdatasync,fsync,sendto,sendmsg,write,writev,pwrite64"
    # -D makes the tracer the child, so that this process is the service itself.
    script.write_text(f'#!/bin/sh\nexec "{strace}" -D -f -y -s 64 -e {calls} -o "{log}" "{harness.executable()}" "$@"\n')
    script.chmod(0o700)
    running = harness.Service(fresh)
    with monkeypatch.context() as patch:
        patch.setenv("TOKENSERVICE_BIN", str(script))
        running.start()
    yield running, log
    running.kill()


def lines_after(log, offset):
    """What was traced since: one line for a call, or two where another thread's came between its begin and its end."""
    text = log.read_bytes()[offset:].decode("utf-8", "replace")
    return [matched["text"] for line in text.splitlines() if (matched := LINE.match(line))]


@pytest.mark.parametrize("operation", ["mint", "redeem", "revoke"])
def test_the_sync_returns_before_the_answer_is_sent(fresh, traced, operation):
    running, log = traced
    key = {"Authorization": f"Bearer {fresh.secret}"}
    with Wire(running.address) as conn:

        def ask(method, path, body=None, headers=key):
            assert conn.send(request(method, path, body, headers))
            return conn.read()

        def mint():
            return ask("POST", "/v1/invites", {"campaign_id": campaign(), "participant_email": email()})

        made = mint().json()
        # What the key's first use left to write is past; only one effect is under way from here on.
        offset = log.stat().st_size
        if operation == "mint":
            answer = mint()
        elif operation == "redeem":
            answer = ask("POST", "/v1/widget/sessions", {"invite_token": made["invite_token"]}, {})
        else:
            answer = ask("DELETE", f"/v1/invites/{made['id']}")
        assert answer.status in (201, 204), answer
    status = f'"HTTP/1.1 {answer.status}'
    harness.wait_until("the answer in the trace", lambda: status in "\n".join(lines_after(log, offset)))
    running.stop()
    assert_order(lines_after(log, offset), status)


def assert_order(lines, status):
    told = "\n".join(lines)
    sent = [place for place, text in enumerate(lines) if SENT.search(text) and status in text]
    assert len(sent) == 1, told
    written = [place for place, text in enumerate(lines) if WRITTEN.search(text) and place < sent[0]]
    synced = [place for place, text in enumerate(lines) if SYNCED.search(text) and place < sent[0]]
    assert written, f"nothing was written before the answer:\n{told}"
    assert synced, f"no sync returned before the answer:\n{told}"
    assert max(written) < max(synced), f"the last write before the answer was not synced before it:\n{told}"


@pytest.mark.parametrize(
    "lines, broken",
    [
        (["pwrite64(9</d/x-wal>, ...) = 9", "fdatasync(9</d/x-wal>) = 0", 'sendto(5, "HTTP/1.1 201 C"...) = 9'], None),
        (
            ["pwrite64(9</d/x-wal>, ...) = 9", "fdatasync(9 <unfinished ...>", 'sendto(5, "HTTP/1.1 201 C"...) = 9',
             "<... fdatasync resumed>) = 0"],
            "no sync returned",
        ),
        (
            ["fdatasync(9</d/x-wal>) = 0", "pwrite64(9</d/x-wal>, ...) = 9", 'sendto(5, "HTTP/1.1 201 C"...) = 9'],
            "not synced before it",
        ),
        (
            ["pwrite64(9</d/x-wal>, ...) = 9", "fdatasync(9</d/x-wal>) = -1 EIO (Input/output error)",
             'sendto(5, "HTTP/1.1 201 C"...) = 9'],
            "no sync returned",
        ),
    ],
)  # fmt: skip
def test_the_judge_of_traces_tells_good_from_bad(lines, broken):
    if broken is None:
        assert_order(lines, '"HTTP/1.1 201')
    else:
        with pytest.raises(AssertionError, match=broken):
            assert_order(lines, '"HTTP/1.1 201')
