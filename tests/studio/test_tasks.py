"""Tasks: they run beside requests, can be cancelled, and end before the server does."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from tengen_studio.tasks import Task, Tasks, is_gone, process_name


def test_a_task_runs_and_is_then_forgotten() -> None:
    tasks, seen = Tasks(), []
    task = tasks.start("a", lambda task: seen.append(task.key))
    assert task.ended.wait(10)
    assert seen == ["a"]
    assert tasks.get("a") is None


def test_a_cancelled_task_stops_at_its_next_check() -> None:
    tasks, running = Tasks(), threading.Event()

    def work(task: Task) -> None:
        running.set()
        while True:
            task.cancelled.wait(0.01)
            task.check()

    task = tasks.start("a", work)
    assert running.wait(10)
    with pytest.raises(RuntimeError, match="a second came"):
        tasks.start("a", work)
    tasks.cancel("a")
    tasks.cancel("unknown")
    assert task.ended.wait(10)


def test_closing_waits_for_tasks_to_tidy_up() -> None:
    tasks, tidied = Tasks(), []

    def work(task: Task) -> None:
        task.cancelled.wait(10)
        tidied.append(task.key)

    tasks.start("a", work)
    tasks.start("b", work)
    tasks.close()
    assert sorted(tidied) == ["a", "b"]


def test_a_failure_goes_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    task = Tasks().start("a", lambda task: 1 / 0)  # type: ignore[arg-type, return-value]
    assert task.ended.wait(10)
    assert "task a failed" in caplog.text


def test_a_process_is_known_to_be_gone() -> None:
    code = (
        "from tengen_studio.tasks import process_name; print(process_name(), flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        name = child.stdout.readline().strip()
        assert not is_gone(name)
        child.communicate("\n")
    assert is_gone(name)


def test_this_process_lives_and_others_hosts_are_not_judged() -> None:
    assert not is_gone(process_name())
    assert not is_gone("another-host:1:2")
    assert is_gone(process_name().replace(f":{os.getpid()}:", ":4194305:"))
    assert not is_gone("")
