"""What a kernel's messages make of its cells' outputs."""

from __future__ import annotations

import itertools
from typing import Any

from tengen_studio.runs.book import MOST_RUNS, Book

NUMBERS = itertools.count()


def message(kind: str, parent: str, **content: Any) -> dict[str, Any]:
    """A message of the kernel, in answer to `parent`."""
    header = {"msg_type": kind, "msg_id": f"message {next(NUMBERS)}", "session": "kernel"}
    return {"header": header, "parent_header": {"msg_id": parent}, "content": content}


def started(*cells: str) -> Book:
    """A book of runs `run <cell>` that have begun."""
    book = Book()
    for number, cell in enumerate(cells, 1):
        book.ask(f"run {cell}", cell)
        book.follow(message("status", f"run {cell}", execution_state="busy"))
        book.follow(message("execute_input", f"run {cell}", execution_count=number))
    return book


def display(parent: str, text: str, name: str, kind: str = "display_data") -> dict[str, Any]:
    """A display that has an id."""
    data = {"data": {"text/plain": text}, "metadata": {}, "transient": {"display_id": name}}
    return message(kind, parent, **data)


def shown(book: Book, cell: str) -> list[Any]:
    """The texts of a cell's outputs."""
    outputs = book.runs[f"run {cell}"].outputs.in_notebook()
    return [output.get("text") or output["data"]["text/plain"] for output in outputs]


def test_a_run_from_its_question_to_its_end() -> None:
    book = Book()
    book.ask("run a", "a")
    assert book.runs["run a"].state == "waiting"
    book.follow(message("status", "run a", execution_state="busy"))
    assert book.busy_with == "run a"
    book.follow(message("execute_input", "run a", execution_count=7))
    book.follow(message("stream", "run a", name="stdout", text="one\n"))
    book.follow(message("stream", "run a", name="stdout", text="two\n"))
    book.follow(message("stream", "run a", name="stderr", text="three"))
    book.follow(message("stream", "of somebody else", name="stdout", text="four"))
    book.follow(
        message("execute_result", "run a", data={"text/plain": "5"}, metadata={}, execution_count=7)
    )
    book.follow(message("status", "run a", execution_state="idle"))
    run = book.runs["run a"]
    assert (run.state, run.count, book.busy_with) == ("done", 7, None)
    assert shown(book, "a") == ["one\ntwo\n", "three", "5"]
    assert [output["output_type"] for output in run.outputs.in_notebook()] == [
        "stream",
        "stream",
        "execute_result",
    ]
    book.settle(["run a", "unknown"])
    assert book.runs == {}


def test_displays_change_where_they_stand() -> None:
    book = started("a", "b")
    book.follow(display("run a", "0%", "bar"))
    book.follow(message("stream", "run a", name="stdout", text="below"))
    book.follow(display("run a", "50%", "bar", "update_display_data"))
    assert shown(book, "a") == ["50%", "below"]
    # Another cell may change it, too, or show it once more.
    book.follow(display("run b", "90%", "bar"))
    assert (shown(book, "a"), shown(book, "b")) == (["90%", "below"], ["90%"])
    book.follow(display("run b", "100%", "bar", "update_display_data"))
    assert (shown(book, "a"), shown(book, "b")) == (["100%", "below"], ["100%"])
    again = book.runs["run a"].outputs.messages()[0][1]
    assert again["transient"] == {"display_id": "bar"}, "a page that joins must find it, too"
    assert "transient" not in book.runs["run a"].outputs.in_notebook()[0]


def test_clearing_now_and_with_the_next_output() -> None:
    book = started("a")
    for number in range(3):
        book.follow(message("clear_output", "run a", wait=True))
        if number:
            assert shown(book, "a") == [f"{number - 1}"], "nothing is gone before the next is there"
        book.follow(message("stream", "run a", name="stdout", text=str(number)))
    assert shown(book, "a") == ["2"]
    book.follow(message("clear_output", "run a", wait=False))
    assert shown(book, "a") == []


def test_only_the_last_run_of_a_cell_counts_and_none_is_settled_while_it_runs() -> None:
    book = started("a")
    book.settle(["run a"])
    assert "run a" in book.runs
    book.ask("run again", "a")
    book.follow(message("stream", "run a", name="stdout", text="too late"))
    assert list(book.runs) == ["run again"]
    assert book.runs["run again"].outputs.in_notebook() == []


def test_the_oldest_of_too_many_are_forgotten() -> None:
    book = started("runs on")
    for number in range(MOST_RUNS + 5):
        book.ask(f"run {number}", f"{number}")
        book.follow(message("status", f"run {number}", execution_state="idle"))
    assert len(book.runs) == MOST_RUNS
    assert "run runs on" in book.runs
    assert "run 0" not in book.runs


def starting(process: str) -> dict[str, Any]:
    """What a new process says of itself."""
    told = message("status", "", execution_state="starting")
    return told | {"header": told["header"] | {"session": process}}


def test_a_restart_ends_what_runs() -> None:
    book = started("a")
    book.follow(starting("kernel"))
    assert book.busy_with == "run a", "it says so late"
    book.follow(starting("another"))
    assert book.runs["run a"].state == "done"
    assert book.busy_with is None


def test_what_is_asked_after_an_end_is_the_next_process_to_do() -> None:
    book = started("a")
    book.end()
    book.ask("run b", "b")
    book.follow(starting("second"))
    assert (book.runs["run a"].state, book.runs["run b"].state) == ("done", "waiting")
    book.follow(starting("third"))
    assert book.runs["run b"].state == "done", "that end had not been noted"


def test_an_output_widget_takes_outputs_only_where_a_page_shows_it() -> None:
    book = started("a")
    opened = {"_model_name": "OutputModel", "msg_id": ""}
    book.follow(
        message(
            "comm_open", "run a", comm_id="w", target_name="jupyter.widget", data={"state": opened}
        )
    )
    taking = {"method": "update", "state": {"msg_id": "run a"}}
    book.follow(message("comm_msg", "run a", comm_id="w", data=taking))
    book.follow(message("stream", "run a", name="stdout", text="in the widget"))
    book.follow(message("stream", "run a", name="stdout", text="nobody looks"), watched=False)
    book.follow(message("comm_msg", "run a", comm_id="w", data=taking | {"state": {"msg_id": ""}}))
    book.follow(message("stream", "run a", name="stdout", text=", outside"))
    assert shown(book, "a") == ["nobody looks, outside"]
