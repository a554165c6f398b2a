"""The worker runs jobs in order, and none that fails stops the next."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from ivrbox.appliance.worker import CAPACITY, Worker, WorkerFull


def test_jobs_run_in_order_and_their_results_arrive() -> None:
    worker = Worker("test")
    done: list[int] = []

    def job(number: int) -> int:
        done.append(number)
        return number * number

    futures = [worker.submit(partial(job, number)) for number in range(5)]
    worker.close()
    assert done == [0, 1, 2, 3, 4]
    assert [future.result() for future in futures] == [0, 1, 4, 9, 16]


def test_a_job_that_raises_is_told_and_the_next_one_runs(caplog: pytest.LogCaptureFixture) -> None:
    worker = Worker("test")

    def fails() -> None:
        raise ValueError("no")

    failed, fine = worker.submit(fails), worker.submit(lambda: "fine")
    worker.close()
    assert isinstance(failed.exception(), ValueError)
    assert fine.result() == "fine"
    assert "a job on the worker failed" in caplog.text


def test_a_full_queue_says_so_and_takes_nothing_more() -> None:
    worker = Worker("test")
    go = threading.Event()
    worker.submit(go.wait)
    taken: list[object] = []
    with pytest.raises(WorkerFull, match=f"worker test: {CAPACITY} jobs are waiting"):
        taken.extend(worker.submit(lambda: None) for _ in range(CAPACITY + 2))
    go.set()
    worker.close()
