#!/usr/bin/env python3
"""Offers many times what the service can do, on schedule, and looks at what becomes of it.

For each kind of request and each factor, in turn and several times: the peak, as 32 or 256 connections get it that ask
again when they are answered; what an nginx on the same processor takes to refuse the same requests with a constant 503, on
as many connections as the overload has; then FACTOR times the peak, sent when it is due whether or not answers have come,
on so many connections that one is nearly always free. At the end comes the peak once more. Told are medians: the good
answers (2xx) a second against the mean of the peaks before and after, the share of requests refused with 503 or 429, how
long these refusals took, from just before send(2) to the kernel's timestamp of the answer (that is the wait in the
service's socket, the service's own time, and nothing of the load generator's), and what was possible: the share of the peak
that one processor has left beside as many refusals at nginx's price.

    TOKENSERVICE_BIN=… overload.py [KIND…] [--factors 2,10] [--rounds R] [--seconds S] [--minutes M] [--quick]

  batch      POST /v1/invites/batch, 20 invites: what is dear enough for the machine to be offered ten times as much
  mint       POST /v1/invites: a signature, a transaction, a sync
  redeem     POST /v1/widget/sessions with a token each: a verification as well
  validate   GET /v1/widget/session, bound to a key, token and proof never seen before: two verifications on the event loop

A kind passes a factor where nothing else than 2xx, 429 and 503 is answered, no connection is cut, the service does as much
as before when it is over, and the good answers are at least 0.9 of what was possible. Up to --full times the capacity, of a
batch always, and wherever one processor could both do three quarters of the peak and refuse the rest at nginx's price, they
have to be that, and the 99th percentile of the refusals 15 ms. Elsewhere they have to be 0.6 of the peak, and the refusals
are told only (see docs/performance.md). With --quick, for CI, only what does not depend on how fast the machine is.

The service has one loop and the first processor, the load the second. The load generator is overload.c, compiled with cc.
With --minutes no kind is begun that would not be through by then. The last line is `N passed, N failed`; the exit code is
1 where one failed.
"""
import argparse
import contextlib
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Clients"), str(HERE.parents[1] / "Benchmarks")]
import harness  # noqa: E402
import kinds  # noqa: E402
import measure  # noqa: E402
import proofs  # noqa: E402
from wire import Wire, request  # noqa: E402

# The best of these is the peak: with few a commit holds little, with many the answers are late.
PEAK_CONNECTIONS = (32, 256)
# What holds; the aims are 0.9 and 5 ms (docs/performance.md says what is between).
REFUSAL_MILLISECONDS_MAX = 15.0
RECOVERY_MIN = 0.7
GOODPUT_MIN = 0.75
GOODPUT_BEYOND_MIN = 0.6
POSSIBLE_MIN = 0.9
HOLDERS = 200
CAMPAIGN = "cmp_01J9Z6V8Q2"


class Generator:
    """The load generator, compiled, on its own processor."""

    def __init__(self, folder, processor):
        self.folder, self.program = pathlib.Path(folder), str(pathlib.Path(folder) / "overload")
        self.prefix = ["taskset", "-c", str(processor)] if processor is not None else []
        subprocess.run(["cc", "-O2", "-Wall", "-o", self.program, str(HERE / "overload.c")], check=True)

    def write(self, requests):
        """A file of requests in the generator's form."""
        path = self.folder / "requests"
        with open(path, "wb") as file:
            for one in requests:
                file.write(b"%d\n" % len(one) + one)
        return path

    def run(self, port, path, rate, connections, seconds, once, warm=0.5, burst=1, bodies=None):
        """One run; what the generator says of it."""
        words = [port, path, rate, connections, burst, warm, seconds, int(once)] + ([bodies] if bodies else [])
        done = subprocess.run(
            [*self.prefix, self.program, *[str(word) for word in words]], capture_output=True, text=True,
            timeout=warm + seconds + 60,
        )  # fmt: skip
        if done.returncode:
            sys.exit(f"the load generator ended with {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)


def patient(conn, asked):
    """The answer, asked for again as Retry-After says: what a run has left behind may take a moment."""
    for _ in range(10):
        answer = conn.ask(asked)
        if answer.status != 503:
            break
        time.sleep(int(answer.get("Retry-After")))
    return answer


class Requests:
    """What each kind sends."""

    def __init__(self, service, generator, secret):
        self.service, self.generator = service, generator
        self.port, self.key = service.address[1], {"Authorization": f"Bearer {secret}"}
        self.keys = {}

    def mint(self, count):
        bodies = ({"campaign_id": CAMPAIGN, "participant_email": f"p{n}@example.com"} for n in range(min(count, 10_000)))
        return [request("POST", "/v1/invites", body, self.key) for body in bodies]

    def batch(self, count):
        people = [{"campaign_id": CAMPAIGN, "participant_email": f"p{number}@example.com"} for number in range(20)]
        return [request("POST", "/v1/invites/batch", {"invites": people}, self.key)]

    def redeem(self, count):
        return [request("POST", "/v1/widget/sessions", {"invite_token": token}) for token in self.invites(count)]

    def validate(self, count):
        """Tokens that were made through the service, each bound to one of a few hundred keys."""
        if not self.keys:
            made = [proofs.ProofKey() for _ in range(HOLDERS)]
            self.keys = {key.thumbprint: key for key in made}
        holders, url = list(self.keys.values()), self.service.url
        nonce, now = self.nonce(holders[0]), time.time()
        exchanges = [
            request(
                "POST", "/v1/widget/sessions", {"invite_token": token},
                {"DPoP": holders[number % HOLDERS].proof("POST", url + "/v1/widget/sessions", now, nonce)},
            )
            for number, token in enumerate(self.invites(count))
        ]  # fmt: skip
        bodies = self.generator.folder / "bodies"
        told = self.generator.run(self.port, self.generator.write(exchanges), 0, 32, 600, True, 0, bodies=bodies)
        with open(bodies, encoding="utf-8") as file:
            tokens = [json.loads(line)["participant_token"] for line in file]
        assert tokens, told
        nonce, now, url = self.nonce(holders[0]), time.time(), url + "/v1/widget/session"
        checks = []
        for token in tokens:
            proof = self.keys[proofs.thumbprint_of(token)].proof("GET", url, now, nonce, token)
            checks.append(request("GET", "/v1/widget/session", None, {"Authorization": f"DPoP {token}", "DPoP": proof}))
        return checks

    def nonce(self, key):
        path = "/v1/widget/sessions"
        with Wire(self.service.address) as conn:
            proof = key.proof("POST", self.service.url + path, time.time())
            answer = patient(conn, request("POST", path, {"invite_token": "none"}, {"DPoP": proof}))
            assert answer.get("DPoP-Nonce"), answer
            return answer.get("DPoP-Nonce")

    def invites(self, count):
        tokens = []
        with Wire(self.service.address) as conn:
            for first in range(0, count, 1000):
                invites = [
                    {"campaign_id": CAMPAIGN, "participant_email": f"p{number}@example.com"}
                    for number in range(first, min(first + 1000, count))
                ]
                answer = patient(conn, request("POST", "/v1/invites/batch", {"invites": invites}, self.key))
                assert answer.status == 200, answer
                tokens += [item["invite"]["invite_token"] for item in answer.json()["results"]]
        return tokens


NGINX = """\
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log crit;
events {{ worker_connections 16384; }}
http {{
  access_log off; keepalive_requests 1000000000; client_body_in_single_buffer on; default_type application/json;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    add_header Retry-After 1 always;
    location = /livez {{ return 200 'ok'; }}
    location / {{ return 503 '{body}'; }}
  }}
}}
"""


class Refuser:
    """An nginx that refuses everything, on the service's processor: what a refusal can not cost less than."""

    def __init__(self, folder, processor):
        self.port = measure.free_port()
        configuration = pathlib.Path(folder) / "nginx.conf"
        configuration.write_text(NGINX.format(folder=folder, port=self.port, body="x" * 220))
        self.log = open(pathlib.Path(folder) / "nginx.out", "w")
        command = ["nginx", "-p", str(folder), "-c", str(configuration)]
        self.server = measure.Server("nginx", command, self.port, processor, self.log)

    def cost(self, generator, path, connections):
        """Microseconds of its processor for each of these requests, on so many connections."""
        before = self.server.cpu_us()
        told = generator.run(self.port, path, 0, connections, 1, False, 0)
        return (self.server.cpu_us() - before) / told["refused"]["count"]

    def stop(self):
        self.server.stop()
        self.log.close()


KINDS = ("batch", "mint", "redeem", "validate")


def rate_of(result):
    return result["good"]["count"] / result["seconds"]


def refused_metric(service):
    """What the service itself has counted as refused."""
    text = harness.requests.get(service.admin_url + "/metrics", timeout=20).text
    lines = [line for line in text.splitlines() if line.startswith("http_requests_shed_total{")]
    return sum(int(line.rsplit(" ", 1)[1]) for line in lines)


class Round:
    """A peak, an overload, and the peak behind it; rates are requests a second."""

    def __init__(self, result, peak, refusal_us):
        self.result, self.peak = result, peak
        self.good = rate_of(result)
        self.refused = result["refused"]["count"] / result["seconds"]
        # Of a processor that refuses at nginx's price and does good requests for the rest of its time.
        self.possible = max(0.0, 1 - self.refused * refusal_us / 1e6)
        self.refusal_us = refusal_us

    def is_feasible(self, factor):
        """Whether a processor has the time for the least goodput and for refusing the rest at nginx's price."""
        return GOODPUT_MIN + (factor - GOODPUT_MIN) * self.peak * self.refusal_us / 1e6 <= 1


def misbehaviour(result):
    """What must not be seen in any overload, however slow the machine is."""
    findings = []
    strange = {status: count for status, count in result["statuses"].items() if status not in ("200", "201", "429", "503")}
    if strange:
        findings.append(f"answered with {strange}")
    if result["reconnected"]:
        findings.append(f"{result['reconnected']} connections were cut")
    if result["good"]["count"] == 0:
        findings.append("no good answer")
    return findings


def judge(factor, full, rounds, last_peak, quick):
    """What is wrong with the rounds of an overload; all but what must never be is judged by their medians.

    `full` is the factor up to which both figures have to be met whether or not a processor can.
    """
    findings = [finding for one in rounds for finding in misbehaviour(one.result)]
    if quick:
        return findings
    share = statistics.median(one.good / one.peak for one in rounds)
    is_full = factor <= full or statistics.median(one.is_feasible(factor) for one in rounds) >= 0.5
    least = GOODPUT_MIN if is_full else GOODPUT_BEYOND_MIN
    if share < least:
        findings.append(f"goodput below {least:.0%} of the peak")
    if statistics.median(one.good / one.peak - POSSIBLE_MIN * one.possible for one in rounds) < 0:
        findings.append(f"goodput below {POSSIBLE_MIN:.0%} of what was possible")
    late = statistics.median(one.result["refused"]["p99"] for one in rounds)
    if is_full and late > REFUSAL_MILLISECONDS_MAX:
        findings.append(f"refusals took {late:.1f} ms at the 99th percentile")
    if last_peak < RECOVERY_MIN * statistics.median(one.peak for one in rounds):
        findings.append(f"{last_peak:.0f}/s when it was over")
    return findings


def report(kind, factor, rounds, shed, findings):
    """One line: medians of the rounds."""

    def median(figure):
        return statistics.median(figure(one) for one in rounds)

    def of(which, figure):
        return median(lambda one: one.result[which][figure])

    statuses = {}
    for one in rounds:
        for status, count in one.result["statuses"].items():
            statuses[status] = statuses.get(status, 0) + count
    peak = median(lambda one: one.peak)
    print(
        f"{kind:9} x{factor:<4g} peak {peak:6.0f}/s  offered {peak * factor:7.0f}/s, "
        f"sent {median(lambda one: one.result['sent'] / one.result['seconds']):7.0f}/s (late p99 {of('late', 'p99'):.1f} ms)  "
        f"good {median(lambda one: one.good):6.0f}/s = {median(lambda one: one.good / one.peak):4.0%} "
        f"(possible {median(lambda one: one.possible):4.0%}: nginx refuses in {median(lambda one: one.refusal_us):.1f} us; "
        f"p50 {of('good', 'p50'):.0f} ms, p99 {of('good', 'p99'):.0f})  "
        f"refused {median(lambda one: one.refused / (one.refused + one.good)):4.0%} (p50 {of('refused', 'p50'):.1f} ms, "
        f"p99 {of('refused', 'p99'):.1f}, max {of('refused', 'max'):.1f}; {shed} by its own count)  {statuses}  "
        + ("ok" if not findings else "FAILED: " + "; ".join(findings)),
        flush=True,
    )


def run(kind, options):
    """One kind at each factor; whether all passed."""
    with tempfile.TemporaryDirectory(prefix="token-service-overload-") as folder, contextlib.ExitStack() as ending:
        deployment = harness.Deployment(pathlib.Path(folder) / "data")
        processors = range(os.cpu_count()) if options.pin else ()
        within = [*options.service_prefix.split(), *(["taskset", "-c", "0"] if len(processors) > 1 else [])]
        generator = Generator(folder, 1 if len(processors) > 1 else None)
        generator.prefix = options.load_prefix.split() + generator.prefix
        refuser = None
        if not options.quick:
            refuser = Refuser(folder, "0" if len(processors) > 1 else f"0-{os.cpu_count() - 1}")
            ending.callback(refuser.stop)
        with harness.Service(deployment, "--loops", "1", within=within) as service:
            source, port = Requests(service, generator, deployment.secret), service.address[1]
            once = kind not in ("batch", "mint")

            def requests_for(seconds, each_second):
                return generator.write(getattr(source, kind)(int(each_second * seconds)))

            def rate_at(connections, each_second):
                while True:
                    path = requests_for(options.seconds + 0.5, each_second)
                    told = generator.run(port, path, 0, connections, options.seconds, once)
                    if told["left"] > 0 or not once:
                        return rate_of(told)
                    # All were answered before the time was over: no figure.
                    each_second *= 2

            def peak_now(each_second):
                return max(rate_at(connections, each_second) for connections in PEAK_CONNECTIONS)

            passed, before = True, peak_now(options.most[kind])
            for factor in options.factors:
                rounds, before_metric = [], refused_metric(service)
                for _ in range(options.rounds):
                    # A refused request is sent again, so that as many are enough as can be answered, and some that are under way.
                    path = requests_for(options.seconds + options.warm, before * 1.5 + 1000)
                    refusal_us = refuser.cost(generator, path, options.connections) if refuser else 0.0
                    result = generator.run(
                        port, path, before * factor, options.connections, options.seconds, once, options.warm, options.burst
                    )
                    after = peak_now(before * 1.5)
                    rounds.append(Round(result, (before + after) / 2, refusal_us))
                    before = after
                full = factor if kind == "batch" else options.full
                findings = judge(factor, full, rounds, before, options.quick)
                passed = passed and not findings
                report(kind, factor, rounds, refused_metric(service) - before_metric, findings)
        return passed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=" ".join(KINDS))
    parser.add_argument("--factors", default="2,10", help="times the peak, one after the other (default 2,10)")
    parser.add_argument("--full", type=float, default=2, help="the factor up to which both figures have to be met (default 2)")
    parser.add_argument("--rounds", type=int, default=3, help="of each factor, of which the medians are judged (default 3)")
    parser.add_argument("--seconds", type=float, default=2, help="of each run that are counted (default 2)")
    parser.add_argument("--warm", type=float, default=1, help="seconds of overload before these (default 1)")
    parser.add_argument("--connections", type=int, default=4000, help="of the overload (default 4000)")
    parser.add_argument("--burst", type=int, default=1, help="requests sent together on a connection (default 1)")
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--quick", action="store_true", help="a second of each, and no judgement by the clock")
    parser.add_argument("--no-pin", dest="pin", action="store_false", help="leave both on all processors")
    parser.add_argument("--service-prefix", default="", help="a command that runs the service, such as 'nice -n -5'")
    parser.add_argument("--load-prefix", default="", help="the same for the load generator")
    options = parser.parse_args()
    options.factors = [float(factor) for factor in options.factors.split(",")]
    # More a second than any machine has done so far; what is not sent costs only the time to make it.
    options.most = {"batch": 1, "mint": 40_000, "redeem": 25_000, "validate": 25_000}
    if options.quick:
        options.seconds, options.warm, options.connections, options.factors, options.rounds = 1, 0.5, 1000, [10], 1
        options.most = {"batch": 1, "mint": 20_000, "redeem": 3_000, "validate": 2_000}
    unknown = set(options.kinds) - set(KINDS)
    if unknown:
        parser.error(f"no such kind: {', '.join(sorted(unknown))}")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    passed, ran = kinds.run_all(options.kinds or list(KINDS), options.minutes, lambda kind: run(kind, options))
    print(f"{passed} passed, {ran - passed} failed")
    return 0 if passed == ran else 1


if __name__ == "__main__":
    sys.exit(main())
