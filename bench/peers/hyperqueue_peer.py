"""Programs that do nothing through HyperQueue: a server and a worker of two cores. Its tasks are processes."""

import sys
import tempfile

from hyperqueue import Job
from hyperqueue.cluster import LocalCluster, WorkerConfig

from measure import rates, report


def main(size):
    count = 250 * size
    with tempfile.TemporaryDirectory() as folder, LocalCluster() as cluster:
        cluster.start_worker(WorkerConfig(cores=2))
        client = cluster.client()

        def run():
            job = Job(default_workdir=folder)
            for _ in range(count):
                job.program(["true"])
            client.wait_for_jobs([client.submit(job)])

        report("programs that do nothing, 2 at once", "programs/s", rates(count, run))


if __name__ == "__main__":
    main(int(sys.argv[1]))
