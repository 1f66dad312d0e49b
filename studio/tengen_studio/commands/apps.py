"""The commands as Jupyter applications: they read the server's own settings."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, ClassVar

from jupyter_core.application import JupyterApp
from traitlets import Bool, Unicode

from tengen_studio.app import StudioApp
from tengen_studio.commands import backup, doctor, gc, migrate, restore
from tengen_studio.commands.places import CommandError, Places, command_refusal
from tengen_studio.scrubbing import keep_contents_out
from tengen_studio.start import data_folder
from tengen_studio.version import __version__

CONFIG = "jupyter_tengen_studio_config"
"""The file in which the server's settings stand, without its ending."""


class Command(JupyterApp):
    """Base of the commands: finds the data folder and the database, prints, and exits."""

    name = "tengen-studio"
    version = __version__
    config_file_name = Unicode(CONFIG)

    root_dir = Unicode(config=True, help="The folder that the server shows; by default this one.")
    classes: ClassVar[list[Any]] = [StudioApp]
    aliases: ClassVar[dict[str, Any]] = {
        "data-dir": "StudioApp.data_dir",
        "database-url": "StudioApp.database_url",
        "root-dir": "Command.root_dir",
        "config": "JupyterApp.config_file",
    }
    flags: ClassVar[dict[str, Any]] = {}

    def __init__(self, **kwargs: Any) -> None:
        keep_contents_out(type(self).__name__)
        super().__init__(**kwargs)

    @property
    def places(self) -> Places:
        """Where the studio of these settings is."""
        settings = StudioApp(config=self.config)
        shown = self.root_dir or str(self.config.ServerApp.get("root_dir", ""))
        data = data_folder(settings.data_dir).resolve()
        return Places(data, settings.database_url, Path(shown or ".").resolve())

    def start(self) -> None:
        """Run the command; the exit status is 1 where it fails."""
        super().start()
        try:
            well = self.run()
        except CommandError as error:
            print(error, file=sys.stderr)
            well = False
        except Exception as error:
            if (refusal := command_refusal(error)) is None:
                raise
            print(refusal, file=sys.stderr)
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
            raise CommandError(
                f"{what} was expected; {' '.join(self.extra_args) or 'nothing'} came."
            )
        return Path(self.extra_args[0]).expanduser().absolute()


class DoctorApp(Command):
    """Look at everything that the studio stands on, and say what to do where it is not well."""

    description = __doc__
    thorough = Bool(False, config=True, help="Read every large file and compare its checksum.")
    flags: ClassVar[dict[str, Any]] = {
        "thorough": ({"DoctorApp": {"thorough": True}}, "Read every large file as well.")
    }

    def run(self) -> bool:
        """Print a line for each check, and what to do under those that are not well."""
        well = True
        for finding in doctor.examine(self.places, thorough=self.thorough):
            well = well and finding.well
            print(f"{'✓' if finding.well else '✗'} {finding.check}: {finding.note}", flush=True)
            if finding.advice:
                print(f"  {finding.advice}")
        return well


class MigrateApp(Command):
    """Bring the database to this release's schema; the server must not run meanwhile."""

    description = __doc__

    def run(self) -> bool:
        """Migrate and say from where to where."""
        before, after, copy = migrate.bring_up(self.places)
        if before == after:
            print(f"The database is at revision {after} already.")
        else:
            print(f"The database went from revision {before or 'none'} to {after}.")
        if copy is not None:
            print(f"As it was before, it lies in {copy}.")
        return True


class BackupApp(Command):
    """Write one archive of the database and the store; the server may run meanwhile."""

    description = __doc__
    with_key = Bool(False, config=True, help="Include the key of the stored secrets.")
    flags: ClassVar[dict[str, Any]] = {
        "with-key": ({"BackupApp": {"with_key": True}}, "Include the key of the stored secrets.")
    }

    def run(self) -> bool:
        """Write the archive that was named."""
        target = self.one_argument("The name of the archive to write")
        written = backup.backup(self.places, target, with_key=self.with_key)
        print(
            f"{target}: {written.files:,} files, {written.bytes / 1e6:,.1f} MB, checksums inside."
        )
        return True


class RestoreApp(Command):
    """Make a studio from a backup, where there is none yet."""

    description = __doc__

    def run(self) -> bool:
        """Restore the archive that was named."""
        places = self.places
        manifest = restore.restore(places, self.one_argument("The name of the archive to read"))
        rows = sum(manifest.rows.values())
        print(f"{places.data_dir}: restored as of {manifest.made}, {rows:,} rows.")
        print("Run `tengen-studio doctor` next.")
        return True


class CollectApp(Command):
    """Find what nothing refers to any more; remove it with --delete."""

    description = __doc__
    delete = Bool(False, config=True, help="Remove what was found.")
    flags: ClassVar[dict[str, Any]] = {
        "delete": ({"CollectApp": {"delete": True}}, "Remove what was found.")
    }

    def run(self) -> bool:
        """List what is unused, and remove it if that was asked for."""
        places = self.places
        if not (places.data_dir / "blobs").is_dir():
            raise CommandError(f"There is no studio in {places.data_dir}.")
        found = gc.find(places)
        for unused in found:
            print(f"{unused.kind} {unused.name}: {unused.bytes / 1e6:,.1f} MB")
        done = gc.remove(places, found) if self.delete else []
        size = sum(unused.bytes for unused in (done if self.delete else found)) / 1e6
        if self.delete:
            print(f"{len(done)} removed, {size:,.1f} MB.")
        else:
            print(f"{len(found)} unused, {size:,.1f} MB. Nothing was removed; --delete does it.")
        return True
