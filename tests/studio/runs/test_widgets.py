"""The states that a busy kernel's stand-in tells of its widgets."""

from __future__ import annotations

from typing import Any

from tengen_studio.runs.standin import CONTROL, StandIn
from tengen_studio.runs.widgets import Widgets

OPENED: dict[str, Any] = {
    "comm_id": "w",
    "target_name": "jupyter.widget",
    "data": {
        "state": {
            "_model_name": "M",
            "_model_module": "m",
            "_model_module_version": "1",
            "value": 0,
            "list": [None],
        },
        "buffer_paths": [["list", 0], ["image"]],
    },
}


def opened(**limit: int) -> Widgets:
    """The widgets of a kernel that has made one."""
    widgets = Widgets(**limit)
    widgets.follow("comm_open", OPENED, [memoryview(b"in a list"), b"old"], 10)
    return widgets


def update(widgets: Widgets, state: dict[str, Any], method: str = "update", **more: Any) -> None:
    """Have the kernel change its widget."""
    data = {"method": method, "state": state, "buffer_paths": list(more)}
    content = {"comm_id": "w", "data": {**data, "buffer_paths": [[name] for name in more]}}
    widgets.follow("comm_msg", content, list(more.values()), 10)


def test_states_are_what_was_told_last() -> None:
    widgets = opened()
    update(widgets, {"value": 1})
    update(widgets, {"value": 2}, "echo_update", image=b"new")
    update(widgets, {"value": 3}, "custom")
    data, buffers = widgets.states()
    assert data["method"] == "update_states"
    state = data["states"]["w"]
    assert (state["model_name"], state["model_module"], state["model_module_version"]) == (
        "M",
        "m",
        "1",
    )
    assert state["state"]["value"] == 2
    told = dict(zip(map(tuple, data["buffer_paths"]), buffers, strict=True))
    assert told == {("w", "state", "list", 0): b"in a list", ("w", "state", "image"): b"new"}


def test_closed_ones_and_the_oldest_of_too_many_are_gone() -> None:
    widgets = opened()
    widgets.follow("comm_close", {"comm_id": "w"}, [], 10)
    assert widgets.states()[0]["states"] == {}
    widgets = opened(most=15)
    widgets.follow("comm_open", OPENED | {"comm_id": "newer"}, [], 10)
    assert list(widgets.states()[0]["states"]) == ["newer"]


def test_the_stand_in_answers_while_the_kernel_is_busy() -> None:
    asked, widgets = StandIn(), opened()
    info = {"status": "ok", "banner": "a kernel"}
    question = {"comm_id": "c", "target_name": CONTROL, "data": {}}
    states = {"comm_id": "c", "data": {"method": "request_states"}}
    assert asked.answer("kernel_info_request", {}, None, widgets) is None
    assert asked.answer("comm_open", question, None, widgets) is None, "it has time to answer"
    assert asked.answer("comm_msg", states, None, widgets) is None
    assert asked.answer("kernel_info_request", {}, info, widgets) == [
        ("shell", "kernel_info_reply", info, [])
    ]
    assert asked.answer("comm_open", question, info, widgets) == []
    # It has become idle in between: who has begun to answer goes on.
    ((channel, kind, content, buffers),) = asked.answer("comm_msg", states, None, widgets) or [()]
    assert (channel, kind, content["comm_id"]) == ("iopub", "comm_msg", "c")
    assert list(content["data"]["states"]) == ["w"]
    assert len(buffers) == 2
    assert asked.answer("comm_close", {"comm_id": "c"}, None, widgets) == []
    assert asked.answer("comm_msg", states, info, widgets) is None
    assert asked.answer("comm_msg", {"comm_id": "w", "data": {}}, info, widgets) is None
