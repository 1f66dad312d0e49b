"""The studio's contents manager is the default one; another that was chosen stays."""

from __future__ import annotations

from typing import Any

from jupyter_server.services.contents.filemanager import AsyncFileContentsManager

from tengen_studio.saving.contents import StudioContents


def test_files_are_saved_by_the_studio(jp_serverapp: Any) -> None:
    assert isinstance(jp_serverapp.contents_manager, StudioContents)
    assert jp_serverapp.contents_manager.studio is not None


class Chosen(AsyncFileContentsManager):
    """A contents manager of the user's own."""


def test_another_choice_stays(
    jp_configurable_serverapp: Any, jp_server_config: dict[str, Any]
) -> None:
    chosen = {"contents_manager_class": f"{Chosen.__module__}.Chosen"}
    config = jp_server_config | {"ServerApp": jp_server_config["ServerApp"] | chosen}
    server = jp_configurable_serverapp(config=config)
    assert type(server.contents_manager).__name__ == "Chosen"
    assert "tengen_studio" in server.extension_manager.extensions
