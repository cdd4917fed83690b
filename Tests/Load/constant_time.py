#!/usr/bin/env python3
"""Counts instructions of refused API keys under callgrind: what a key has in common with a real one must not show.

    constant_time.py PROVE

PROVE is the tool that `scripts/prove` builds. Each case runs with two counts of requests; the difference, divided by the
difference of the counts, is what one request costs, without start and end of the process.
"""
import re
import subprocess
import sys
import tempfile

CASES = ["wrong-first", "wrong-last", "unknown", "revoked"]
COUNTS = (200, 1200)
# Growing tables and the scheduler's turns differ a little from run to run.
TOLERANCE = 0.005


def instructions(tool, case, count):
    with tempfile.NamedTemporaryFile() as out:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out.name}", tool, "compare", case, str(count)],
            capture_output=True, text=True, timeout=900,
        )  # fmt: skip
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not found:
        raise SystemExit(f"{case}: {done.stderr[-2000:]}")
    return int(found[1])


def main():
    tool = sys.argv[1]
    each = {}
    for case in CASES:
        few, many = (instructions(tool, case, count) for count in COUNTS)
        each[case] = (many - few) / (COUNTS[1] - COUNTS[0])
        print(f"{case}: {each[case]:.0f} instructions a request", flush=True)
    failed = 0
    for left, right in (("wrong-first", "wrong-last"), ("wrong-first", "unknown"), ("unknown", "revoked")):
        apart = abs(each[left] - each[right]) / each[left]
        is_equal = apart <= TOLERANCE
        failed += not is_equal
        print(f"{left} and {right}: {apart * 100:.2f} % apart, {'equal' if is_equal else 'NOT EQUAL'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
