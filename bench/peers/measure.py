"""What the peers in Python share: rounds, percentiles, and one JSON object a figure."""

import json
import time


def report(name, unit, values):
    print(json.dumps({"name": name, "unit": unit, "values": values}), flush=True)


def rates(count, work, rounds=3):
    """Does `work` once to warm up, then a few rounds; gives how many of `count` a second."""
    work()
    values = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        values.append(count / (time.perf_counter() - start))
    return values


def report_latency(one, count, rounds=3):
    """Does `one` again and again, one at a time."""
    p50, p99 = [], []
    for _ in range(rounds + 1):
        samples = []
        for index in range(count):
            start = time.perf_counter()
            one(index)
            samples.append((time.perf_counter() - start) * 1000)
        samples.sort()
        p50.append(samples[len(samples) // 2])
        p99.append(samples[len(samples) * 99 // 100])
    report("one task at a time through another process, p50", "ms", p50[1:])
    report("one task at a time through another process, p99", "ms", p99[1:])
