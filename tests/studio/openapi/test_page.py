"""The page about the interface: shows every route, asks nobody, runs nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tengen_studio.app import ROUTES
from tengen_studio.contract import contract
from tengen_studio.guard import guarded
from tengen_studio.http import StudioHandler
from tengen_studio.openapi import service
from tengen_studio.openapi.page import type_text, with_code
from tengen_studio.openapi.routes import operations

from ..browser import Browser
from .stage import OPERATIONS

OUTSIDE = re.compile(r"(?:src|href)=\"(?!#|openapi\.json)")


def test_every_route_is_on_the_page() -> None:
    page = service.page(ROUTES)
    for name, operation in OPERATIONS.items():
        assert f'id="{name}"' in page
        assert operation.summary.replace("`", "") in re.sub(r"</?code>", "", page).replace(
            "&#39;", "'"
        ).replace("&lt;", "<").replace("&gt;", ">").replace("&#34;", '"')


def test_the_page_needs_no_other_address_and_no_script() -> None:
    page = service.page(ROUTES)
    assert "<script" not in page
    assert not re.search(r"url\(|@import", page)
    assert not OUTSIDE.search(page)


async def test_the_page_is_served_locked_up(host: Browser) -> None:
    response = await host.fetch("GET", "tengen-studio/api/docs")
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "sandbox" in policy


async def test_the_document_is_served(host: Browser) -> None:
    served = await host.api("GET", "openapi.json")
    assert served["openapi"] == "3.1.0"
    assert len([1 for verbs in served["paths"].values() for _ in verbs]) == len(OPERATIONS)


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "string"}, "string"),
        ({"$ref": "#/components/schemas/Project"}, "Project"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer | null"),
        (
            {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
            "(string | null)[]",
        ),
        ({"enum": ["a", "b"]}, '"a" | "b"'),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "{[name]: number}"),
        ({}, "any"),
    ],
)
def test_types_are_told_in_a_line(schema: dict[str, Any], text: str) -> None:
    assert type_text(schema) == text


def test_texts_are_escaped() -> None:
    assert with_code("a `b<c>` <d>") == "a <code>b&lt;c&gt;</code> &lt;d&gt;"


class BareHandler(StudioHandler):
    """Has verbs that say too little."""

    @guarded
    async def get(self) -> None:
        """Say something."""

    @contract()
    async def post(self) -> None:
        """Say something."""

    @contract()
    @guarded
    async def put(self, name: str) -> None:
        pass


BareHandler.__module__ = "tengen_studio.bare.handlers"


@pytest.mark.parametrize(
    ("verb", "lacks"), [("get", "contract"), ("post", "guard"), ("put", "docstring")]
)
def test_a_verb_that_says_too_little_is_refused(verb: str, lacks: str) -> None:
    body = {name: getattr(BareHandler, name) for name in (verb,)}
    handler = type("OneHandler", (StudioHandler,), body)
    handler.__module__ = "tengen_studio.bare.handlers"
    with pytest.raises(TypeError, match=lacks):
        operations([(r"/bare/([^/]+)", handler)])


def test_a_pattern_and_its_arguments_must_agree() -> None:
    class OneHandler(StudioHandler):
        @contract()
        @guarded
        async def put(self, name: str) -> None:
            """Say something."""

    OneHandler.__module__ = "tengen_studio.bare.handlers"
    assert operations([(r"/bare/([^/]+)", OneHandler)])[0].path == "/bare/{name}"
    for pattern in (r"/bare", r"/bare/([^/]+)/([^/]+)", r"/bare/.*/([^/]+)"):
        with pytest.raises((TypeError, StopIteration)):
            operations([(pattern, OneHandler)])
