"""SIGTERM under load.

"No request dropped" means, for each request a client sent:

1. It ends as one whole answer, or as a close before the first byte of an answer. Never as a torn answer.
2. If it was sent in full before the signal, on a connection that was already in use, it is answered.
3. If it was not answered, it had no effect: what is stored afterwards is exactly what was acknowledged.

And the process ends by itself with exit code 0 within 10 s.
"""

import collections
import os
import signal
import socket
import threading
import time

import harness
from harness import campaign, email
from wire import Closed, Torn, Wire, request

CLIENTS = 8


class Minter(threading.Thread):
    """One keep-alive connection that mints one request after the other until the peer closes."""

    def __init__(self, service, camp, started):
        super().__init__(daemon=True)
        self.service, self.camp, self.started = service, camp, started
        self.key = {"Authorization": f"Bearer {service.deployment.secret}"}
        self.answered, self.sent_at, self.fault, self.last_sent_at, self.unanswered = [], {}, None, None, False

    def run(self):
        try:
            with Wire(self.service.address) as conn:
                while self.one(conn):
                    pass
        except OSError as fault:
            if not self.answered:
                self.fault = fault
        except (AssertionError, Torn) as fault:
            self.fault = fault

    def one(self, conn):
        body = {"campaign_id": self.camp, "participant_email": email()}
        if not conn.send(request("POST", "/v1/invites", body, self.key)):
            return False
        self.last_sent_at, self.unanswered = time.monotonic(), True
        try:
            answer = conn.read()
        except Closed:
            return False
        self.unanswered = False
        assert answer.status in (201, 503), answer
        if answer.status == 201:
            self.answered.append(answer.json()["id"])
        self.started.release()
        return (answer.get("Connection") or "").lower() != "close"


def stored(service, camp):
    return [item["id"] for item in service.api().pages("/v1/invites", campaign_id=camp, limit=100)]


def test_a_drain_under_load_drops_nothing(fresh):
    running = harness.Service(fresh).start()
    try:
        camps = [campaign("drain") for _ in range(CLIENTS)]
        begun = threading.Semaphore(0)
        minters = [Minter(running, camp, begun) for camp in camps]
        for minter in minters:
            minter.start()
        for _ in range(CLIENTS * 40):
            assert begun.acquire(timeout=30)
        signalled_at = time.monotonic()
        os.kill(running.process.pid, signal.SIGTERM)
        running.wait_for_end()
        assert time.monotonic() - signalled_at < harness.STOP_SECONDS
        for minter in minters:
            minter.join(timeout=20)
            assert not minter.is_alive() and minter.fault is None, minter.fault
            if minter.unanswered:
                assert minter.last_sent_at > signalled_at, "a request from before the signal was not answered"
        running.restart()
        for minter in minters:
            assert collections.Counter(stored(running, minter.camp)) == collections.Counter(minter.answered)
        print(f"drained with {sum(len(minter.answered) for minter in minters)} answered mints, none lost, none extra")
        running.stop()
    finally:
        running.kill()


def refuses(address):
    """True when nobody listens there any more."""
    try:
        socket.create_connection(address, timeout=5).close()
    except ConnectionRefusedError:
        return True
    except (ConnectionResetError, OSError):
        return False
    return False


def test_a_begun_request_is_answered_and_an_idle_connection_closed(fresh):
    running = harness.Service(fresh).start()
    try:
        key = {"Authorization": f"Bearer {fresh.secret}"}
        data = request("POST", "/v1/invites", {"campaign_id": "camp", "participant_email": email()}, key)
        idle, head, body = (Wire(running.address) for _ in range(3))
        for conn in (idle, head, body):
            conn.assert_open()
        head.send(data[:40])
        body.send(data[:-10])
        # Loopback has delivered those bytes when send returns: both requests were begun before the signal.
        running.terminate()
        idle.assert_closed()
        harness.wait_until("the listener is closed", lambda: refuses(running.address))
        for conn, rest in ((head, data[40:]), (body, data[-10:])):
            assert conn.send(rest)
            answer = conn.read()
            assert answer.status == 201, answer
            assert (answer.get("Connection") or "").lower() == "close"
            conn.assert_closed()
            conn.close()
        running.wait_for_end()
    finally:
        running.kill()


def test_a_request_that_never_ends_does_not_hold_the_exit(fresh):
    running = harness.Service(fresh).start()
    try:
        conns = [Wire(running.address) for _ in range(5)]
        for conn in conns:
            conn.assert_open()
            conn.send(b"POST /v1/invites HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{")
        begun = time.monotonic()
        running.terminate()
        running.wait_for_end()
        assert time.monotonic() - begun < harness.STOP_SECONDS
        for conn in conns:
            conn.close()
    finally:
        running.kill()


def test_readyz_turns_503_before_the_listener_closes(fresh):
    running = harness.Service(fresh, "--drain-delay", "2").start()
    try:
        client = running.api()
        assert client.get("/readyz").status_code == 200
        running.terminate()

        def draining():
            answer = client.call("GET", "/readyz", base=running.admin_url)
            return answer.status_code == 503

        harness.wait_until("readyz turns 503", draining, seconds=2)
        fresh_client = running.api()
        assert fresh_client.get("/readyz").status_code == 503
        assert fresh_client.get("/livez").status_code == 200
        assert fresh_client.mint()["id"], "during the delay the service still serves"
        running.wait_for_end()
    finally:
        running.kill()


def test_sigint_ends_as_sigterm(fresh):
    running = harness.Service(fresh).start()
    try:
        running.api().mint()
        running.process.send_signal(signal.SIGINT)
        running.wait_for_end()
    finally:
        running.kill()


def test_a_restart_under_load_loses_and_doubles_nothing(fresh, tmp_path):
    """Clients that retry with the same `Idempotency-Key` see every mint succeed exactly once over three restarts."""
    running = harness.Service(fresh).start()
    host, port = running.address
    running.listen = f"{host}:{port}"
    key = {"Authorization": f"Bearer {fresh.secret}"}
    stop, progress, faults, done = threading.Event(), threading.Semaphore(0), [], []

    def client(camp):
        conn, made = None, []
        try:
            while not stop.is_set():
                body = {"campaign_id": camp, "participant_email": email()}
                headers = {**key, "Idempotency-Key": f"{camp}-{len(made)}"}
                end = time.monotonic() + 30
                while True:
                    assert time.monotonic() < end, "no answer in 30 s of retries"
                    try:
                        conn = conn or Wire((host, port))
                        if conn.send(request("POST", "/v1/invites", body, headers)):
                            answer = conn.read()
                            if answer.status == 201:
                                break
                            assert answer.status in (503, 409), answer
                    except (Closed, OSError):
                        pass
                    if conn:
                        conn.close()
                    conn = None
                made.append(answer.json()["id"])
                if (answer.get("Connection") or "").lower() == "close":
                    conn.close()
                    conn = None
                progress.release()
            done.append((camp, made))
        except Exception as fault:  # noqa: BLE001 - reported by the test's own thread
            faults.append(fault)
            progress.release()

    threads = [threading.Thread(target=client, args=(campaign("again"),), daemon=True) for _ in range(4)]
    try:
        for thread in threads:
            thread.start()
        for _ in range(3):
            for _ in range(80):
                assert progress.acquire(timeout=30)
            assert not faults, faults
            running.terminate()
            running.wait_for_end()
            running.restart()
        for _ in range(40):
            assert progress.acquire(timeout=30)
        stop.set()
        for thread in threads:
            thread.join(timeout=40)
            assert not thread.is_alive()
        assert not faults, faults
        for camp, made in done:
            assert sorted(stored(running, camp)) == sorted(made) and len(set(made)) == len(made)
        running.stop()
    finally:
        stop.set()
        running.kill()
