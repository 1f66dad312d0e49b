/** The projects feature's commands, from which panel, palette, menus and home tab all act. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Dialog, InputDialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { fileUploadIcon, type LabIcon, linkIcon } from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import * as projects from '../api/projects.ts';
import type { Server } from '../api/request.ts';
import { listTemplates } from '../api/templates.ts';
import type { NewProject, Project } from '../api/types.ts';
import type { Texts } from '../ui/signals.ts';
import { failureText } from '../ui/text.ts';
import { openDatasets, pull, reproduce } from './datacommands.ts';
import { FactsForm, ImportForm, NewProjectForm } from './forms.tsx';
import { projectsIcon } from './icons.ts';
import type { ProjectsModel } from './model.ts';
import {
  asksForSecrets,
  clear,
  download,
  openGallery,
  openShared,
  share
} from './sharecommands.ts';
import { type Act, projectOf, withProject, withProjectOrNew, withVersion } from './subject.ts';
import { CommandIDs } from './tokens.ts';
import type { UpkeepModel } from './upkeep.ts';
import { compare, restore, save } from './versioncommands.ts';

/** What the commands work with. */
export interface Parts {
  app: JupyterFrontEnd;
  model: ProjectsModel;
  upkeep: UpkeepModel;
  browser: IDefaultFileBrowser | null;
  documents: IDocumentManager | null;
  trans: Texts;
  language: string;
  /** Bring the panel to the front. */
  show(): void;
  /** Tell that projects were made, changed or removed. */
  changed(): void;
  /** Emitted when that was told. */
  updated: ISignal<unknown, void>;
}

/** Add the commands to the application. */
export function addCommands(parts: Parts): void {
  const { app, trans } = parts;
  const entries: [string, string, Act][] = [
    [CommandIDs.create, trans.__('New project…'), create],
    [CommandIDs.importFrom, trans.__('Import a project…'), importFrom],
    [CommandIDs.open, trans.__('Open the project'), open],
    [CommandIDs.save, trans.__('Save version…'), withProjectOrNew(save)],
    [CommandIDs.compare, trans.__('Compare versions'), withProject(compare)],
    [CommandIDs.restore, trans.__('Restore a version'), withProject(restore)],
    [CommandIDs.fork, trans.__('Fork the project…'), fork],
    [CommandIDs.share, trans.__('Share the project…'), withProjectOrNew(share)],
    [CommandIDs.rename, trans.__('Rename, describe and tag the project…'), rename],
    [CommandIDs.trash, trans.__('Put the project into the trash'), trash],
    [CommandIDs.download, trans.__('Download a version'), withVersion(download)],
    [CommandIDs.clear, trans.__('Show a version that is held back'), withVersion(clear)],
    [CommandIDs.datasets, trans.__('Data sets…'), withProject(openDatasets)],
    [CommandIDs.reproduce, trans.__('Run the version again and compare'), withProject(reproduce)],
    [CommandIDs.pull, trans.__('Bring in what the origin has changed'), withProject(pull)],
    [CommandIDs.openGallery, trans.__('Gallery'), openGallery],
    [CommandIDs.openShared, trans.__('Open shared link…'), openShared]
  ];
  const icons = new Map<string, LabIcon>([
    [CommandIDs.create, projectsIcon],
    [CommandIDs.importFrom, fileUploadIcon],
    [CommandIDs.openShared, linkIcon]
  ]);
  for (const [id, label, act] of entries) {
    app.commands.addCommand(id, {
      label,
      icon: args => (args['isLauncher'] ? icons.get(id) : undefined),
      describedBy: {
        args: {
          type: 'object',
          properties: {
            project: { type: 'string', description: 'The id of the project' },
            version: { type: 'number' },
            from: { type: 'number' },
            to: { type: 'number' },
            path: { type: 'string', description: 'A file of the project' },
            template: { type: 'string', description: 'The template to start from' },
            isLauncher: { type: 'boolean' }
          }
        }
      },
      execute: args => guarded(parts, () => act(parts, args))
    });
  }
  app.commands.addCommand(CommandIDs.show, {
    label: trans.__('Projects'),
    caption: trans.__('Projects, their versions and their trash'),
    describedBy: { args: { type: 'object', properties: {} } },
    execute: () => parts.show()
  });
}

/** Run an action; a refusal is shown, with what it means for the files. */
export async function guarded(parts: Parts, act: () => Promise<unknown>): Promise<unknown> {
  const { trans } = parts;
  try {
    return await act();
  } catch (error) {
    await showDialog({
      title: trans.__('That did not work'),
      body: failureText(error, trans),
      buttons: [Dialog.okButton({ label: trans.__('Close') })]
    });
    return undefined;
  }
}

const server = (parts: Parts): Server => parts.app.serviceManager.serverSettings;

async function create(parts: Parts, args: ReadonlyPartialJSONObject): Promise<unknown> {
  const { trans, browser } = parts;
  const templates = (await listTemplates(server(parts))).items;
  const body = new NewProjectForm(
    {
      templates,
      template: typeof args['template'] === 'string' ? args['template'] : null,
      directory: browser?.model.path ?? '',
      language: parts.language
    },
    trans
  );
  const { button, value } = await showDialog({
    title: trans.__('New project'),
    body,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Create') })
    ]
  });
  if (!button.accept || !value) {
    return undefined;
  }
  return opened(parts, await projects.makeProject(server(parts), value));
}

async function importFrom(parts: Parts): Promise<unknown> {
  const { trans, browser } = parts;
  const directory = browser?.model.path ?? '';
  const { button, value } = await showDialog({
    title: trans.__('Import a project'),
    body: new ImportForm(directory, trans),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Import') })
    ]
  });
  if (!button.accept || !value) {
    return undefined;
  }
  const { name } = value;
  switch (value.kind) {
    case 'archive': {
      if (!value.file) {
        throw new Error(trans.__('No archive was chosen.'));
      }
      const named = name || value.file.name.replace(/\.zip$/i, '');
      return opened(
        parts,
        await projects.importProject(server(parts), value.file, named, directory)
      );
    }
    case 'git': {
      const body = { name, directory, git: value.address };
      return opened(parts, await projects.makeProject(server(parts), body));
    }
    case 'folder': {
      const body = { name, folder: value.folder };
      return opened(parts, await projects.makeProject(server(parts), body));
    }
  }
}

/** Show a project that was just made: its history, its folder and its first file. */
async function opened(parts: Parts, made: NewProject): Promise<Project> {
  const { app, model, trans } = parts;
  parts.changed();
  parts.show();
  await model.choose(made.project);
  const skipped = Object.keys(made.skipped).length;
  if (skipped) {
    Notification.warning(trans.__('%1 files could not be kept', skipped));
  }
  await goTo(parts, made.project);
  if (made.open) {
    await app.commands.execute('docmanager:open', { path: made.open });
  }
  return made.project;
}

/** Where the file browser is on its way to; what moves folders waits until it is there. */
let going: Promise<void> = Promise.resolve();

function goTo({ browser }: Parts, project: Project): Promise<void> {
  const enter = async (): Promise<void> => {
    if (project.directory !== null && !project.missing) {
      await browser?.model.cd(`/${project.directory}`);
      await browser?.model.refresh();
    }
  };
  const arrived = going.then(enter);
  going = arrived.catch(() => undefined);
  return arrived;
}

async function open(parts: Parts, args: ReadonlyPartialJSONObject): Promise<unknown> {
  const project = await projectOf(parts, args);
  await parts.model.choose(project);
  await goTo(parts, project);
  if (args['project'] && project.directory === null) {
    parts.show();
  } else {
    await parts.app.commands.execute('filebrowser:activate');
  }
  return project;
}

async function fork(parts: Parts, args: ReadonlyPartialJSONObject): Promise<unknown> {
  const { trans, browser } = parts;
  const project = await projectOf(parts, args);
  const { button, value } = await InputDialog.getText({
    title: trans.__('Fork "%1"', project.name),
    label: trans.__('Name of the fork'),
    text: project.name,
    okLabel: trans.__('Fork'),
    cancelLabel: trans.__('Cancel')
  });
  if (!button.accept) {
    return undefined;
  }
  const version = typeof args['version'] === 'number' ? args['version'] : null;
  const despite = await asksForSecrets(parts, project, version);
  if (despite === null) {
    return undefined;
  }
  const parent = project.directory?.split('/').slice(0, -1).join('/') ?? browser?.model.path ?? '';
  const body = { version, name: value ?? '', directory: parent, despite_findings: despite };
  return opened(parts, await projects.forkProject(server(parts), project.id, body));
}

async function rename(parts: Parts, args: ReadonlyPartialJSONObject): Promise<unknown> {
  const { trans } = parts;
  const project = await projectOf(parts, args);
  const { name, description, tags, licence } = project;
  const { button, value } = await showDialog({
    title: trans.__('Name, description, tags and licence'),
    body: new FactsForm({ name, description, tags, licence }, trans),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Change') })
    ]
  });
  if (!button.accept || !value) {
    return undefined;
  }
  // A licence is the owner's to choose; what has not changed is not asked for.
  const change = { name: value.name, description: value.description, tags: value.tags };
  const asked = value.licence === licence ? change : { ...change, licence: value.licence };
  const changed = await projects.changeProject(server(parts), project.id, asked);
  parts.changed();
  return changed;
}

async function trash(parts: Parts, args: ReadonlyPartialJSONObject): Promise<unknown> {
  const { trans, model, browser } = parts;
  const project = await projectOf(parts, args);
  await going;
  const { directory } = project;
  if (directory !== null && `${browser?.model.path ?? ''}/`.startsWith(`${directory}/`)) {
    await browser?.model.cd('/');
  }
  await projects.trashProject(server(parts), project.id);
  await model.choose(null);
  parts.changed();
  await browser?.model.refresh();
  Notification.info(trans.__('"%1" is in the trash, its folder too.', project.name), {
    autoClose: 8000,
    actions: [
      {
        label: trans.__('Undo'),
        callback: () => void guarded(parts, () => untrash(parts, project))
      }
    ]
  });
  return project;
}

/** Take a project out of the trash. */
export async function untrash(parts: Parts, project: Project): Promise<void> {
  await projects.untrashProject(server(parts), project.id);
  parts.changed();
  await parts.browser?.model.refresh();
}

/** Delete a project for good, after asking. */
export async function remove(parts: Parts, project: Project): Promise<void> {
  const { trans } = parts;
  const { button } = await showDialog({
    title: trans.__('Delete "%1" for good?', project.name),
    body: trans.__('Its folder, versions and links are deleted. This cannot be undone.'),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.warnButton({ label: trans.__('Delete for good') })
    ]
  });
  if (button.accept) {
    await projects.deleteProject(server(parts), project.id);
    parts.changed();
  }
}
