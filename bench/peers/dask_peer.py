"""No-op tasks and echoes through Dask distributed: a scheduler and two worker processes of one thread each."""

import sys

import numpy
from distributed import Client, LocalCluster

from measure import rates, report, report_latency


def same(value):
    return value


def main(size):
    count = 2_000 * size
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None)
    with cluster, Client(cluster) as client:
        every = rates(count, lambda: client.gather(client.map(same, range(count), pure=False)))
        report("no-op tasks, 2 processes", "tasks/s", every)
        report_latency(lambda index: client.submit(same, index, pure=False).result(), 100 * size)
        data = numpy.full(2**20 // 8, 3.14)
        echoes = rates(25 * size, lambda: [client.submit(same, data, pure=False).result() for _ in range(25 * size)])
        report("1 MiB there and back, another process", "MiB/s", echoes)


if __name__ == "__main__":
    main(int(sys.argv[1]))
