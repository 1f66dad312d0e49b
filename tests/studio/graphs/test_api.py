"""Graphs of model files over HTTP: shown, or refused with a reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

from .files import SMALL, static_model


async def get(jp_fetch: Any, path: str) -> Any:
    """Return the graph of a file, or the status and the sentence of the refusal."""
    try:
        answer = await jp_fetch("tengen-studio", "api", "graphs", params={"path": path})
    except HTTPClientError as error:
        assert error.response is not None
        return error.code, json.loads(error.response.body)["message"]
    return json.loads(answer.body)


async def test_a_static_model_is_shown(jp_fetch: Any, jp_root_dir: Path) -> None:
    (jp_root_dir / "models").mkdir()
    (jp_root_dir / "models" / "small.tgm").write_bytes(static_model())
    document = await get(jp_fetch, "models/small.tgm")
    assert [(node["op"], node.get("group")) for node in document["nodes"]] == [
        ("relu", "act"),
        ("exp", None),
    ]
    assert document["form"] == "file"
    assert document["inputs"][0]["shape"] == [2, 4]


async def test_an_onnx_file_is_shown(jp_fetch: Any, jp_root_dir: Path) -> None:
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    x, y = (helper.make_tensor_value_info(name, kind, [1, 3]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [x], [y])
    onnx.save(helper.make_model(graph), jp_root_dir / "net.onnx")
    document = await get(jp_fetch, "net.onnx")
    assert [node["op"] for node in document["nodes"]] == ["Relu"]


async def test_what_is_no_model_is_refused_with_a_reason(jp_fetch: Any, jp_root_dir: Path) -> None:
    (jp_root_dir / "text.tgm").write_text("hello")
    status, message = await get(jp_fetch, "text.tgm")
    assert (status, "not a .tgm file" in message) == (400, True)
    assert str(jp_root_dir) not in message
    odd = {**SMALL, "nodes": [{"op": "no such thing", "inputs": ["i0"]}]}
    (jp_root_dir / "odd.tgm").write_bytes(static_model(odd))
    status, message = await get(jp_fetch, "odd.tgm")
    assert (status, "unknown operator 'no such thing'" in message) == (400, True)
    (jp_root_dir / "notes.txt").write_text("hello")
    assert (await get(jp_fetch, "notes.txt"))[0] == 400


async def test_no_path_leaves_the_users_folder(
    jp_fetch: Any, jp_root_dir: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.tgm"
    outside.write_bytes(static_model())
    (jp_root_dir / "link.tgm").symlink_to(outside)
    (jp_root_dir / ".hidden.tgm").write_bytes(static_model())
    for path in ("link.tgm", ".hidden.tgm", "absent.tgm", "a\\b.tgm", ""):
        assert (await get(jp_fetch, path))[0] in (400, 404), path
    for path in ("../outside.tgm", str(outside)):
        assert (await get(jp_fetch, path))[0] == 400, path
