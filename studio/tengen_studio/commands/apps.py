"""The commands as Jupyter applications: they read the server's own settings."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, ClassVar

from jupyter_core.application import JupyterApp
from jupyter_core.paths import jupyter_data_dir
from traitlets import Bool, Unicode
from traitlets.config import Config

from tengen_studio.commands import backup, doctor, gc, migrate, restore
from tengen_studio.commands.places import CommandError, Places
from tengen_studio.version import __version__

CONFIG = "jupyter_tengen_studio_config"
"""The file in which the server's settings stand, without its ending."""


class Command(JupyterApp):
    """Base of the commands: finds the data folder and the database, prints, and exits."""

    name = "tengen-studio"
    version = __version__
    config_file_name = Unicode(CONFIG)

    data_dir = Unicode(config=True, help="The studio's data folder, if it is not the server's.")
    database_url = Unicode(config=True, help="The database, if it is not the server's.")
    aliases: ClassVar[dict[str, Any]] = {
        "data-dir": "Command.data_dir",
        "database-url": "Command.database_url",
        "config": "JupyterApp.config_file",
    }
    flags: ClassVar[dict[str, Any]] = {}

    @property
    def places(self) -> Places:
        """Where the studio of these settings is."""
        own: Config = self.config.StudioApp
        data = self.data_dir_chosen(own)
        url = self.database_url or str(own.get("database_url", ""))
        root = Path(str(self.config.ServerApp.get("root_dir", "") or Path.cwd()))
        return Places(data.resolve(), url, root.resolve())

    def start(self) -> None:
        """Run the command; the exit status is 1 where it fails."""
        super().start()
        try:
            well = self.run()
        except CommandError as error:
            print(error, file=sys.stderr)
            well = False
        self.exit(0 if well else 1)

    def run(self) -> bool:
        """Do it, and tell whether all is well."""
        raise NotImplementedError

    def one_argument(self, what: str) -> Path:
        """Return the one file that was named.

        Raises:
            CommandError: none was, or several.
        """
        if len(self.extra_args) != 1:
            raise CommandError(f"{what} was expected; {' '.join(self.extra_args) or 'nothing'} came.")
        return Path(self.extra_args[0]).expanduser().absolute()
