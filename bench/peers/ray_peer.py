"""No-op tasks and echoes through Ray: two worker processes."""

import sys

import numpy
import ray

from measure import rates, report, report_latency


@ray.remote
def same(value):
    return value


def main(size):
    count = 2_000 * size
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=2**29)
    try:
        every = rates(count, lambda: ray.get([same.remote(index) for index in range(count)]))
        report("no-op tasks, 2 processes", "tasks/s", every)
        report_latency(lambda index: ray.get(same.remote(index)), 100 * size)
        data = numpy.full(2**20 // 8, 3.14)
        echoes = rates(25 * size, lambda: [ray.get(same.remote(data)) for _ in range(25 * size)])
        report("1 MiB there and back, another process", "MiB/s", echoes)
    finally:
        ray.shutdown()


if __name__ == "__main__":
    main(int(sys.argv[1]))
