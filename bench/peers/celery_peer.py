"""No-op tasks through Celery with Redis as broker and backend: two worker processes."""

import os
import subprocess
import sys
import tempfile
import time

from celery import Celery, group

from measure import rates, report, report_latency

socket = os.environ.get("BENCH_REDIS_SOCKET", "")
app = Celery("celery_peer", broker=f"redis+socket://{socket}", backend=f"redis+socket://{socket}")
app.conf.worker_prefetch_multiplier = 64
app.conf.broker_connection_retry_on_startup = True


@app.task
def same(value):
    return value


def measure(size):
    count = 500 * size
    same.delay(0).get(timeout=60)
    every = rates(count, lambda: group(same.s(index) for index in range(count)).apply_async().get(timeout=300))
    report("no-op tasks, 2 processes", "tasks/s", every)
    report_latency(lambda index: same.delay(index).get(timeout=60, interval=0.0005), 50 * size)


def main(size):
    here = os.path.dirname(os.path.abspath(__file__))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "redis.sock")
        env = {**os.environ, "BENCH_REDIS_SOCKET": path, "C_FORCE_ROOT": "1"}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        redis = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--dir", folder], **quiet
        )
        try:
            while not os.path.exists(path):
                if redis.poll() is not None:
                    sys.exit("redis-server ended at once")
                time.sleep(0.05)
            worker = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "celery_peer", "worker", "-c", "2", "--without-gossip",
                 "--without-mingle"],
                cwd=here, env={**env, "PYTHONDONTWRITEBYTECODE": "1"}, **quiet,
            )
            try:
                subprocess.run([sys.executable, __file__, "measure", str(size)], env=env, check=True)
            finally:
                worker.terminate()
                worker.wait()
        finally:
            redis.terminate()
            redis.wait()


if __name__ == "__main__":
    if sys.argv[1] == "measure":
        measure(int(sys.argv[2]))
    else:
        main(int(sys.argv[1]))
