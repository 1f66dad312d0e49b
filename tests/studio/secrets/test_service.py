"""The store: values are sealed on the disk, given to the host's kernels alone, and never listed."""

from __future__ import annotations

import stat

import msgspec
import pytest
from sqlalchemy import select

from tengen_studio.access import HOST_ID, Actor
from tengen_studio.audit.models import AuditEntry
from tengen_studio.context import StudioContext
from tengen_studio.errors import ForbiddenError, InvalidError, NotFoundError
from tengen_studio.secrets import service
from tengen_studio.secrets.models import Secret
from tengen_studio.secrets.vault import KEY_FILE

HOST = Actor("host", HOST_ID, "Host")
VALUE = "the value of the token"


def put(context: StudioContext, name: str = "HF_TOKEN", value: str = VALUE) -> None:
    """Store one secret of the host's."""
    with context.transaction() as session:
        service.put(session, HOST, name, value)


def test_a_value_comes_back_to_the_one_who_may_use_it(context: StudioContext) -> None:
    put(context)
    with context.transaction() as session:
        assert service.use(session, "HF_TOKEN") == VALUE
    with context.transaction(read_only=True) as session:
        (entry,) = service.list_secrets(session, HOST).items
        assert entry.used is not None


def test_nothing_that_is_kept_or_listed_shows_the_value(context: StudioContext) -> None:
    put(context)
    with context.transaction(read_only=True) as session:
        listed = service.list_secrets(session, HOST)
        row = session.scalars(select(Secret)).one()
        logged = session.scalars(select(AuditEntry)).all()
        assert [entry.name for entry in listed.items] == ["HF_TOKEN"]
        assert VALUE.encode() not in row.sealed
        assert [entry.verb for entry in logged] == ["secret.put"]
        assert VALUE not in str([entry.details for entry in logged])
    assert VALUE.encode() not in msgspec.json.encode(listed)
    for path in context.data_dir.rglob("*"):
        assert not path.is_file() or VALUE.encode() not in path.read_bytes()


def test_the_key_is_the_owners_alone(context: StudioContext) -> None:
    put(context)
    assert stat.S_IMODE((context.data_dir / KEY_FILE).stat().st_mode) == 0o600


def test_a_second_value_replaces_the_first(context: StudioContext) -> None:
    put(context)
    put(context, value="another value")
    with context.transaction() as session:
        assert service.use(session, "HF_TOKEN") == "another value"
        assert len(service.list_secrets(session, HOST).items) == 1


def test_a_forgotten_secret_is_gone(context: StudioContext) -> None:
    put(context)
    with context.transaction() as session:
        service.remove(session, HOST, "HF_TOKEN")
    with context.transaction() as session:
        for use in (
            lambda: service.use(session, "HF_TOKEN"),
            lambda: service.remove(session, HOST, "HF_TOKEN"),
        ):
            with pytest.raises(NotFoundError):
                use()


@pytest.mark.parametrize("name", ["", "1A", "A B", "A-B", "a" * 101, "Ä", "A\n"])
def test_names_are_those_of_variables(context: StudioContext, name: str) -> None:
    with pytest.raises(InvalidError):
        put(context, name)


@pytest.mark.parametrize("value", ["", "short", " " * 9, "x" * 20_000, "with\0zero byte"])
def test_values_that_cannot_be_kept_are_refused(context: StudioContext, value: str) -> None:
    with pytest.raises(InvalidError):
        put(context, value=value)


def test_another_key_file_opens_nothing_and_hides_nothing(context: StudioContext) -> None:
    put(context)
    (context.data_dir / KEY_FILE).unlink()
    with context.transaction() as session:
        with pytest.raises(ForbiddenError, match="another key file"):
            service.use(session, "HF_TOKEN")
        assert not service.redaction(session)


def test_redaction_and_scan_know_the_stored_values(context: StudioContext) -> None:
    put(context)
    with context.transaction(read_only=True) as session:
        assert service.redaction(session).text(f"a {VALUE}") == "a [secret: HF_TOKEN]"
        (finding,) = service.scan(session, [("a.txt", f"x\n{VALUE}".encode())])
    assert (finding.kind, finding.line) == ("stored secret", 2)
