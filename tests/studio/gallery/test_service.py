"""The gallery and stars, without HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tengen_studio.context import StudioContext
from tengen_studio.db import utcnow
from tengen_studio.errors import InvalidError, NotFoundError
from tengen_studio.gallery import service as gallery

from ..actors import HOST, NOBODY, make_account, make_project

Call = Callable[..., Any]


@pytest.fixture
def call(context: StudioContext) -> Call:
    """Runs a service in a transaction of its own."""

    def run(function: Any, *args: Any) -> Any:
        with context.transaction() as session:
            return function(session, *args)

    return run


def test_the_gallery_shows_public_projects_only(context: StudioContext, call: Call) -> None:
    make_project(context, name="private")
    shown = make_project(context, name="Shown", visibility="public")
    make_project(context, name="trashed", visibility="public", trashed=utcnow())
    make_project(context, name="archived", visibility="public", archived=utcnow())
    page = call(gallery.gallery, NOBODY)
    assert [(item.id, item.owner, item.stars) for item in page.items] == [(shown, "Host", 0)]


def test_the_gallery_is_searched_by_words_and_tag(context: StudioContext, call: Call) -> None:
    ana = make_account(context, "Ana")
    one = make_project(context, ana, name="Fashion 100%", visibility="public", tags=["vision"])
    two = make_project(
        context, name="GPT", description="图像 and text", visibility="public", tags=["text"]
    )
    found = {
        ("fashion", ""): {one},
        ("ana FASHION", ""): {one},
        ("fashion gpt", ""): set(),
        ("图像", ""): {two},
        ("vis", ""): {one},
        ("100%", ""): {one},
        ("%", ""): {one},
        ("_", ""): set(),
        ("", "text"): {two},
        ("", "tex"): set(),
        ("", ""): {one, two},
    }
    for (q, tag), expected in found.items():
        page = call(gallery.gallery, NOBODY, q, tag)
        assert {item.id for item in page.items} == expected, (q, tag)
    with context.transaction() as session:
        assert gallery.tags(session) == ["text", "vision"]


def test_the_gallery_comes_in_pages(context: StudioContext, call: Call) -> None:
    made = {make_project(context, name=f"p{n}", visibility="public") for n in range(120)}
    seen, after = [], None
    for _ in range(3):
        page = call(gallery.gallery, NOBODY, "", "", after)
        seen += [item.id for item in page.items]
        after = page.next
    assert after is None and set(seen) == made and len(seen) == len(made)
    for cursor in ("nonsense", "W10", "WyIyMDI2LTAxLTAxIiwgMV0"):
        with pytest.raises(InvalidError):
            call(gallery.gallery, NOBODY, "", "", cursor)


def test_a_star_counts_once_per_person(context: StudioContext, call: Call) -> None:
    project, ana = make_project(context, visibility="public"), make_account(context, "Ana")
    for _ in range(2):
        assert call(gallery.star, ana, project).stars == 1
    assert call(gallery.star, HOST, project).stars == 2
    assert call(gallery.gallery, ana).items[0].starred
    assert not call(gallery.gallery, NOBODY).items[0].starred
    assert call(gallery.unstar, ana, project).starred is False
    assert call(gallery.stars_of, NOBODY, project).stars == 1
    with pytest.raises(NotFoundError):
        call(gallery.star, ana, make_project(context))
