"""The extension's application: its settings, its routes, and the program `tengen-studio`."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from jupyter_client.provisioning import KernelProvisionerFactory
from jupyter_server.extension.application import ExtensionApp
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from traitlets import Bool, Integer, List, Unicode

from tengen_studio import scrubbing
from tengen_studio.about import handlers as about
from tengen_studio.audit import handlers as audit
from tengen_studio.context import SETTING, Limits
from tengen_studio.datasets import copying
from tengen_studio.datasets import handlers as datasets
from tengen_studio.gallery import handlers as gallery
from tengen_studio.gpus import handlers as gpus
from tengen_studio.graphs import handlers as graphs
from tengen_studio.history import handlers as history
from tengen_studio.http import API
from tengen_studio.kernels import handlers as kernels
from tengen_studio.kernels import provisioner
from tengen_studio.openapi import handlers as openapi
from tengen_studio.openapi.routes import ROUTES_SETTING
from tengen_studio.pages import handlers as pages
from tengen_studio.people import handlers as people
from tengen_studio.projects import handlers as projects
from tengen_studio.reproduce import handlers as reproduce
from tengen_studio.reproduce import running
from tengen_studio.runs import handlers as runs
from tengen_studio.runs.connection import SETTING as RECORDER
from tengen_studio.runs.connection import RecordedConnection
from tengen_studio.runs.recorder import AWAY, Recorder
from tengen_studio.saving import handlers as saving
from tengen_studio.saving.contents import StudioContents
from tengen_studio.saving.trust import do_not_wait
from tengen_studio.secrets import handlers as secrets
from tengen_studio.secrets.channel import Channel
from tengen_studio.secrets.saving import CleanOutputs
from tengen_studio.sharing import handlers as sharing
from tengen_studio.sharing import sockets as sharing_sockets
from tengen_studio.start import data_folder, open_context, start_refusal
from tengen_studio.templates import handlers as templates
from tengen_studio.version import __version__

ROUTES = [
    *about.routes,
    *audit.routes,
    *datasets.routes,
    *gallery.routes,
    *gpus.routes,
    *graphs.routes,
    *history.routes,
    *kernels.routes,
    *openapi.routes,
    *people.routes,
    *projects.routes,
    *reproduce.routes,
    *runs.routes,
    *saving.routes,
    *secrets.routes,
    *sharing.routes,
    *templates.routes,
]

SOCKETS = [*sharing_sockets.sockets]
# Jupyter's name for further parameters of addresses that are left out of its log.
SCRUBBED = "extra_log_scrub_param_keys"
# Jupyter's name for the class of the websockets between pages and kernels.
CONNECTION = "kernel_websocket_connection_class"


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

    subcommands: ClassVar[dict[str, Any]] = {
        name: (f"tengen_studio.commands.apps.{app}", says)
        for name, app, says in (
            ("doctor", "DoctorApp", "Look at what the studio stands on, and say what to do."),
            ("migrate", "MigrateApp", "Bring the database to this release's schema."),
            ("backup", "BackupApp", "Write one archive of the database and the store."),
            ("restore", "RestoreApp", "Make a studio from a backup, where there is none yet."),
            ("gc", "CollectApp", "Find what nothing refers to any more."),
        )
    }

    templates_dir = Unicode(
        config=True,
        help="Folder with one folder per template. Empty: the templates that come with Tengen.",
    )

    data_dir = Unicode(
        config=True,
        help="Folder of the studio's own data: versions, large files, the database. "
        "Empty: `tengen-studio` in Jupyter's data folder.",
    )
    database_url = Unicode(
        config=True,
        help="SQLAlchemy URL of the database. Empty: SQLite in the studio's data folder.",
    )
    project_quota = Integer(
        Limits.project_quota,
        config=True,
        help="Most bytes that the history of one project may take; 0 for no limit.",
    )
    account_quota = Integer(
        Limits.account_quota,
        config=True,
        help="Most bytes that the projects of one invited account may take; 0 for no limit.",
    )
    dataset_folders = List(
        Unicode(),
        ["/usr/share/datasets"],
        config=True,
        help="Folders outside the user's folder that data sets may be registered from.",
    )
    away_seconds = Integer(
        AWAY,
        config=True,
        help="Seconds after a notebook's last page was closed until the server itself writes the "
        "outputs of cells that still run.",
    )
    wheelhouse = Unicode(
        config=True,
        help="Folder of wheels from which environments are rebuilt without a network. "
        "Empty: they come from the package index.",
    )
    private_downloads = Bool(
        Limits.private_downloads,
        config=True,
        help="Register data sets from addresses that are not https, or lie in a private network.",
    )
    insecure_git = Bool(
        Limits.insecure_git,
        config=True,
        help="Import from git addresses that are not https, or lie in a private network.",
    )

    def __init__(self, **kwargs: Any) -> None:
        scrubbing.keep_contents_out("StudioApp", "ServerApp")
        super().__init__(**kwargs)

    def _link_jupyter_server_extension(self, serverapp: Any) -> None:
        """Put our contents manager in the place of the default one, before it is made."""
        super()._link_jupyter_server_extension(serverapp)
        if serverapp.contents_manager_class is AsyncLargeFileManager:
            serverapp.contents_manager_class = StudioContents

    def initialize_settings(self) -> None:
        """Resolve the folders once, so that requests compare resolved paths."""
        assert self.serverapp is not None
        chosen = Path(self.templates_dir) if self.templates_dir else shipped_templates()
        try:
            self.settings[SETTING] = open_context(
                root=Path(self.serverapp.root_dir),
                templates_dir=chosen,
                data_dir=data_folder(self.data_dir),
                database_url=self.database_url,
                limits=Limits(
                    project_quota=self.project_quota,
                    account_quota=self.account_quota,
                    insecure_git=self.insecure_git,
                    private_downloads=self.private_downloads,
                ),
                allow_hidden=bool(self.serverapp.contents_manager.allow_hidden),
                dataset_folders=[Path(folder) for folder in self.dataset_folders],
                wheelhouse=self.wheelhouse,
            )
        except Exception as error:
            if (refusal := start_refusal(error)) is None:
                raise
            # To go on without a database would look as if every project were gone.
            self.log.critical("%s", refusal)
            sys.exit(1)
        self.settings[ROUTES_SETTING] = ROUTES
        context = self.settings[SETTING]
        copying.recover(context)
        running.recover(context)
        scrubbing.install()
        self.settings[SCRUBBED] = [*self.settings.get(SCRUBBED, []), *scrubbing.OURS]
        hide_token(self.serverapp)
        self.channel = Channel(context)
        self.channel.start()
        self.serverapp.contents_manager.register_pre_save_hook(CleanOutputs(context))
        kernel_manager = self.serverapp.kernel_manager
        provisioner.install(KernelProvisionerFactory.instance(parent=kernel_manager))
        self.recorder = Recorder(
            kernel_manager,
            self.serverapp.session_manager,
            self.serverapp.contents_manager,
            away=self.away_seconds,
        )
        self.settings[RECORDER] = self.recorder
        self.recorder.start()
        if self.settings[CONNECTION] is ZMQChannelsWebsocketConnection:
            self.settings[CONNECTION] = RecordedConnection
        do_not_wait(self.serverapp.contents_manager.notary)
        if isinstance(self.serverapp.contents_manager, StudioContents):
            self.serverapp.contents_manager.attach(context)

    async def stop_extension(self) -> None:
        """Let running requests end and close the database."""
        self.channel.stop()
        await self.recorder.stop()
        self.settings[SETTING].close()

    def initialize_handlers(self) -> None:
        """Mount every route under the API's prefix."""
        self.handlers.extend((API + pattern, handler) for pattern, handler in ROUTES + SOCKETS)
        self.handlers.extend((pages.PREFIX + route[0], *route[1:]) for route in pages.pages)


def hide_token(server: Any) -> None:
    """Keep the host's token from other users of the machine, and out of kernels' environments."""
    # Read now: the identity provider looks for it at the first request.
    _ = server.identity_provider.token
    os.environ.pop("JUPYTER_TOKEN", None)
    # Jupyter writes a page there that logs its reader in, and leaves its mode to the umask.
    with suppress(OSError):
        os.chmod(server.runtime_dir, 0o700)


def shipped_templates() -> Path:
    """Return the templates' folder: inside the installed package, or in a source checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "template_files"
    if installed.is_dir():
        return installed
    return package.parent.parent / "notebooks" / "templates"


main = StudioApp.launch_instance
