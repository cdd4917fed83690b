"""Kinds of load that are run one after the other within a time."""
import time


def run_all(kinds, minutes, one, now=time.monotonic):
    """Runs `one(kind)` for each, as many as the minutes are enough for (None: all); how many passed, and how many ran."""
    begun, longest, results = now(), 0.0, []
    for kind in kinds:
        if results and minutes is not None and now() + longest > begun + minutes * 60:
            print(f"ended at its time limit after {len(results)} of {len(kinds)} kinds")
            break
        start = now()
        results.append(one(kind))
        longest = max(longest, now() - start)
    return sum(results), len(results)
