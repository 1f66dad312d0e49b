"""The extension's application: its settings, its routes, and the program `tengen-studio`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from jupyter_server.extension.application import ExtensionApp
from traitlets import Unicode

from tengen_studio.about import handlers as about
from tengen_studio.context import SETTING, StudioContext
from tengen_studio.http import API
from tengen_studio.templates import handlers as templates
from tengen_studio.version import __version__

ROUTES = [*about.routes, *templates.routes]


class StudioApp(ExtensionApp):
    """Tengen Studio: JupyterLab with a deep-learning framework, its templates and its views."""

    name = "tengen_studio"
    app_name = "Tengen Studio"
    version = __version__
    description = __doc__
    extension_url = "/lab"
    default_url = "/lab"
    load_other_extensions = True
    # An entry for `jpserver_extensions` here would replace the whole list, and with it the
    # terminals and the notebook's own parts.
    serverapp_config: ClassVar[dict[str, Any]] = {}

    templates_dir = Unicode(
        config=True,
        help="Folder with one folder per template. Empty: the templates that come with Tengen.",
    )

    def initialize_settings(self) -> None:
        """Resolve the folders once, so that requests compare resolved paths."""
        assert self.serverapp is not None
        chosen = Path(self.templates_dir) if self.templates_dir else shipped_templates()
        self.settings[SETTING] = StudioContext(
            root=Path(self.serverapp.root_dir).resolve(),
            templates_dir=chosen.resolve(),
            allow_hidden=bool(self.serverapp.contents_manager.allow_hidden),
        )

    def initialize_handlers(self) -> None:
        """Mount every route under the API's prefix."""
        self.handlers.extend((API + pattern, handler) for pattern, handler in ROUTES)


def shipped_templates() -> Path:
    """Return the templates' folder: inside the installed package, or in a source checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "template_files"
    if installed.is_dir():
        return installed
    return package.parent.parent / "notebooks" / "templates"


main = StudioApp.launch_instance
