"""The suite's own helpers, checked without the service: a broken ruler measures nothing."""

import importlib.machinery
import importlib.util
import pathlib
import socket
import subprocess
import threading

import pytest

import formats
import harness
import wire


def test_checksum_is_crc32_iso_hdlc_in_base62():
    assert formats.base62(0, 6) == "000000"
    assert formats.base62(61, 6) == "00000z"
    assert formats.base62(62, 6) == "000010"
    # The check value of CRC-32/ISO-HDLC over "123456789" is CBF43926.
    assert formats.key_checksum("123456789") == formats.base62(0xCBF43926, 6)
    key = formats.key_with_checksum("ts_test_", "a" * 37)
    assert len(key) == 8 + 43 and harness.KEY_SHAPE.fullmatch(key)


def test_ids_and_times():
    assert formats.is_id(formats.unknown_id("inv"), "inv")
    assert not formats.is_id("inv_81dxf6dt00f8s8kxz8c6w1xq3v", "inv")
    assert not formats.is_id("inv_01dxf6dt00f8s8kxz8c6w1xq3", "inv")
    assert formats.instant("1970-01-01T00:01:00Z") == 60
    with pytest.raises(AssertionError):
        formats.instant("1970-01-01T00:01:00+00:00")


def test_base64url_is_canonical():
    assert formats.unb64u("AA") == b"\0"
    for bad in ("AB", "AA==", "A+", "A A"):
        with pytest.raises((AssertionError, ValueError)):
            formats.unb64u(bad)


def test_high_s_is_its_own_inverse():
    signature = b"\1" * 64
    assert formats.high_s(signature) != signature
    assert formats.high_s(formats.high_s(signature)) == signature


def test_ready_line_is_found_among_others():
    class Made:
        issuer = "http://localhost:8080"

    running = harness.Service(Made())
    running._look_for_addresses("12:30:01 issuer http://localhost:8080 listen 127.0.0.1:0 127.0.0.1:0")
    assert running.address is None
    running._look_for_addresses("ready public=http://127.0.0.1:4100 admin=127.0.0.1:4101 issuer http://localhost:8080")
    assert running.address == ("127.0.0.1", 4100) and running.admin_address == ("127.0.0.1", 4101)
    assert running.url == "http://127.0.0.1:4100"


def answer_with(data):
    """A Wire whose peer sends these bytes and closes."""
    ours, theirs = socket.socketpair()
    threading.Thread(target=lambda: (theirs.sendall(data), theirs.close()), daemon=True).start()
    return wire.Wire(None, sock=ours, wait_seconds=5)


def test_wire_reads_lengths_chunks_and_interim_answers():
    with answer_with(
        b"HTTP/1.1 100 Continue\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        b"HTTP/1.1 204 No Content\r\n\r\n"
    ) as conn:
        assert conn.read().body == b"hi"
        assert conn.read().body == b"abc"
        assert conn.read().status == 204
        conn.assert_closed()
        with pytest.raises(wire.Closed):
            conn.read()


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Len",
    ],
)
def test_wire_believes_nothing(data):
    with answer_with(data) as conn, pytest.raises(AssertionError):
        conn.read()


def test_wire_sees_bytes_after_the_last_answer():
    with answer_with(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1") as conn:
        conn.read()
        with pytest.raises(AssertionError):
            conn.assert_closed()


def test_requests_and_chunks_are_built_as_said():
    assert wire.request("GET", "/a") == b"GET /a HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    assert b"Content-Length: 2\r\n\r\n{}" in wire.request("POST", "/a", {})
    assert wire.chunked(b"abcde", 2) == b"2\r\nab\r\n2\r\ncd\r\n1\r\ne\r\n0\r\n\r\n"


def test_members_and_integers_are_found():
    value = {"a": [{"b": 7, "c": True}], "d": {"secret": "x"}}
    assert formats.find_member(value, "secret") == "x"
    assert formats.find_member(value, "none") is None
    assert formats.integers_in(value) == [7]


TOP = pathlib.Path(__file__).resolve().parents[2]


def program(path):
    """A script as a module, without running it."""
    loader = importlib.machinery.SourceFileLoader(path.rpartition("/")[2].removesuffix(".py").replace("-", "_"), str(TOP / path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("status", "log", "word", "why"),
    [
        (0, "all is well\n", "passed", ""),
        (0, "ended at its time limit after 7 of 10 seeds\nmore\n", "limited", "ended at its time limit: after 7 of 10 seeds"),
        (0, "json: ended at its time limit after 7 of 10 inputs\njwk: 10 runs\n", "limited",
         "ended at its time limit: json after 7 of 10 inputs"),
        (1, "ended at its time limit after 7 of 10 seeds\nACCEPTED\n", "FAILED", "exit status 1"),
        (124, "half way\n", "FAILED", "cut off at its time limit"),
    ],
)  # fmt: skip
def test_long_runs_that_passed_in_full_are_told_from_those_whose_time_was_over(status, log, word, why):
    assert program("scripts/prove-summary").verdict(status, log) == (word, why)


def test_the_summary_of_long_runs_counts_each_kind_and_fails_for_failures_alone(tmp_path):
    (tmp_path / "fuzz.log").write_text("ended at its time limit after 1 of 2 inputs\n")
    (tmp_path / "soak.log").write_text("fine\n")
    for lines, code, last in (
        ("fuzz 0 60\nsoak 0 5\n", 0, "1 passed in full, 1 without a fault up to their time limit, 0 failed"),
        ("soak 0 5\ncrash 124 60\n", 1, "1 passed in full, 0 without a fault up to their time limit, 1 failed"),
    ):
        done = subprocess.run([TOP / "scripts/prove-summary", tmp_path], input=lines, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout.splitlines()[-1]) == (code, last)


def test_the_summary_of_the_tests_names_what_failed_and_counts_what_ran(tmp_path):
    failing = [
        '✘ Test "It holds" recorded an issue at HoldTests.swift:7:9: Expectation failed: false',
        '✘ Test "It holds" failed after 1.5 seconds with 1 issue.',
        '✘ Suite "Holding" failed after 1.6 seconds with 1 issue.',
        '➜ Test "It is fast" skipped: "by hand"',
        "✘ Test run with 5 tests in 2 suites failed after 2 seconds with 1 issue.",
    ]
    passing = ["✔ Test run with 5 tests in 2 suites passed after 2 seconds."]
    pytest = ["12 passed in 3.10s"]
    rows = [
        (failing, 1, pytest, 0, 1, "27 passed, 1 failed", failing[:1]),
        (passing, 0, pytest, 0, 0, "29 passed, 0 failed", []),
        # A runner that says nothing, or more than its counts explain.
        (["◇ Test run started."], 139, pytest, 0, 1, "24 passed, 1 failed", []),
        (passing, 1, pytest, 0, 1, "29 passed, 1 failed", []),
        (passing, 0, ["1 failed, 11 passed, 1 error in 3.10s"], 1, 1, "28 passed, 2 failed", []),
    ]
    for swift, swift_status, clients, clients_status, code, last, findings in rows:
        arguments = []
        for name, lines, status in [
            ("swift", swift, swift_status), ("clients", clients, clients_status), ("browser", pytest, 0)
        ]:
            (tmp_path / name).write_text("\n".join(lines), encoding="utf-8")
            arguments += [tmp_path / name, str(status)]
        done = subprocess.run([TOP / "scripts/test-summary", *arguments], capture_output=True, text=True, check=False)
        lines = done.stdout.splitlines()
        assert (done.returncode, lines[-1]) == (code, last)
        assert [line for line in lines if "recorded an issue" in line] == findings


def test_no_kind_of_load_is_begun_that_its_time_is_not_enough_for(capsys):
    kinds, clock = program("Tests/Load/kinds.py"), [0.0]

    def one(name):
        clock[0] += {"a": 30.0, "b": 40.0, "c": 1.0}[name]
        return name != "b"

    assert kinds.run_all(["a", "b", "c"], None, one, lambda: clock[0]) == (2, 3)
    assert "time limit" not in capsys.readouterr().out
    assert kinds.run_all(["a", "b", "c"], 1.5, one, lambda: clock[0]) == (1, 2)
    assert "ended at its time limit after 2 of 3 kinds" in capsys.readouterr().out
    assert kinds.run_all(["a", "b", "c"], 0.1, one, lambda: clock[0]) == (1, 1)


def test_an_overload_passes_by_its_goodput_its_refusals_and_what_comes_after():
    overload = program("Tests/Load/overload.py")

    def figures(good, p99=1.0, refused=50, refusal_us=10.0, reconnected=0, **statuses):
        told = {"201": good, "503": refused, **statuses}
        result = {"seconds": 1.0, "good": {"count": good}, "refused": {"count": refused, "p99": p99}, "statuses": told,
                  "reconnected": reconnected}  # fmt: skip
        return overload.Round(result, 1000, refusal_us)

    # nginx refuses 50 requests of a second in half a millisecond, and 40,000 in 400.
    assert figures(900).possible == 0.9995 and figures(600, refused=40_000).possible == 0.6
    assert figures(1, refusal_us=199.0).is_feasible(2) and not figures(1, refusal_us=201.0).is_feasible(2)
    assert overload.judge(2, 2, [figures(900)], 900, False) == []
    assert overload.judge(2, 2, [figures(900), figures(100, p99=90.0), figures(900)], 900, False) == []
    # What no processor could do is not asked for; what nginx would have left is.
    late = {"p99": 90.0, "refused": 33_333, "refusal_us": 30.0}
    assert overload.judge(10, 2, [figures(600, **late)], 900, False) == []
    assert overload.judge(2, 2, [figures(1, p99=90.0)], 1, True) == []
    for factor, rounds, after, said in (
        (2, [figures(749, refused=20_000)], 900, "goodput below 75% of the peak"),
        (2, [figures(899)] * 2 + [figures(999)], 900, "goodput below 90% of what was possible"),
        (10, [figures(599, **late)], 900, "goodput below 60% of the peak"),
        (10, [figures(898, p99=90.0, refusal_us=30.0)], 900, "goodput below 90% of what was possible"),
        (2, [figures(900, p99=15.1)], 900, "15.1 ms"), (2, [figures(900, **late)], 900, "90.0 ms"),
        (10, [figures(900, p99=15.1)], 900, "15.1 ms"), (2, [figures(900), figures(900, reconnected=1)], 900, "1 connections were cut"),
        (2, [figures(900), figures(900), figures(900, **{"500": 1})], 900, "{'500': 1}"), (2, [figures(900)], 699, "699/s when it was over"),
    ):  # fmt: skip
        findings = overload.judge(factor, 2, rounds, after, False)
        assert len(findings) == 1 and said in findings[0], (said, findings)


def test_every_fuzz_target_has_seeds_and_a_line_in_the_page():
    listed = subprocess.run([TOP / "scripts/fuzz", "list"], capture_output=True, text=True, check=True).stdout.split()
    makers = program("Fuzz/seeds").MAKERS
    assert sorted(listed) == sorted(makers) and len(listed) >= 17
    for name in listed:
        assert len(set(makers[name]())) >= 10, name
    page = (TOP / "CONTRIBUTING.md").read_text()
    assert [name for name in listed if f"`{name}`" not in page] == []


@pytest.mark.parametrize("arguments", [["nothing"], ["json", "x"], ["json", "--runs"], ["json", "--runs", "1", "x"], ["json", "1", "2"]])
def test_fuzz_refuses_what_it_can_not_read_before_it_builds(arguments):
    done = subprocess.run([TOP / "scripts/fuzz", *arguments], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2 and "scripts/fuzz TARGET" in done.stderr
