/** The projects feature's commands, from which panel, palette, menus and home tab all act. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import {
  Dialog,
  InputDialog,
  MainAreaWidget,
  Notification,
  showDialog
} from '@jupyterlab/apputils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import * as history from '../api/history.ts';
import * as projects from '../api/projects.ts';
import type { Server } from '../api/request.ts';
import * as sharing from '../api/sharing.ts';
import { listTemplates } from '../api/templates.ts';
import type { NewProject, Project } from '../api/types.ts';
import type { Texts } from '../ui/signals.ts';
import { failureText } from '../ui/text.ts';
import { CompareModel } from './compare.ts';
import { ComparisonPanel } from './comparison.tsx';
import { openDatasets, pull, reproduce } from './datacommands.ts';
import { FactsForm, ImportForm, NewProjectForm } from './forms.tsx';
import type { ProjectsModel } from './model.ts';
import { ShareModel } from './share.ts';
import { ShareForm } from './sharing.tsx';
import { CommandIDs } from './tokens.ts';
import type { UpkeepModel } from './upkeep.ts';

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
}

type Act = (parts: Parts, args: ReadonlyPartialJSONObject) => Promise<unknown>;

/** Add the commands to the application. */
export function addCommands(parts: Parts): void {
  const { app, trans } = parts;
  const entries: [string, string, Act, string?][] = [
    [CommandIDs.create, trans.__('New project…'), create],
    [CommandIDs.importFrom, trans.__('Import a project…'), importFrom],
    [CommandIDs.open, trans.__('Open the project'), open],
    [CommandIDs.save, trans.__('Save version…'), save],
    [CommandIDs.compare, trans.__('Compare versions'), compare],
    [CommandIDs.restore, trans.__('Restore a version'), restore],
    [CommandIDs.fork, trans.__('Fork the project…'), fork],
    [CommandIDs.share, trans.__('Share the project…'), share],
    [CommandIDs.rename, trans.__('Rename, describe and tag the project…'), rename],
    [CommandIDs.trash, trans.__('Put the project into the trash'), trash],
    [CommandIDs.download, trans.__('Download a version'), download],
    [CommandIDs.datasets, trans.__('Data sets…'), withProject(openDatasets)],
    [CommandIDs.reproduce, trans.__('Run the version again and compare'), withProject(reproduce)],
    [CommandIDs.pull, trans.__('Bring in what the origin has changed'), withProject(pull)],
    [CommandIDs.openGallery, trans.__('Gallery'), openGallery],
    [CommandIDs.openShared, trans.__('Open shared link…'), openShared]
  ];
  for (const [id, label, act] of entries) {
    app.commands.addCommand(id, {
      label,
      describedBy: {
        args: {
          type: 'object',
          properties: {
            project: { type: 'string', description: 'The id of the project' },
            version: { type: 'number' },
            from: { type: 'number' },
            to: { type: 'number' },
            path: { type: 'string', description: 'A file of the project' },
            template: { type: 'string', description: 'The template to start from' }
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

/** The project that a command is about: named, chosen in the panel, or the current folder's. */
async function projectOf(parts: Parts, args: ReadonlyPartialJSONObject): Promise<Project> {
  const { app, model, browser, trans } = parts;
  if (typeof args['project'] === 'string') {
    return projects.getProject(app.serviceManager.serverSettings, args['project']);
  }
  const found = model.chosen ?? model.projectOf(browser?.model.path ?? '');
  if (!found) {
    throw new Error(trans.__('No project is open: choose one in the projects panel.'));
  }
  return found;
}

const server = (parts: Parts): Server => parts.app.serviceManager.serverSettings;

/** An action on the project at hand, as a command. */
function withProject(act: (parts: Parts, project: Project) => Promise<unknown>): Act {
  return async (parts, args) => act(parts, await projectOf(parts, args));
}

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

async function save(parts: Parts, args: ReadonlyPartialJSONObject): Promise<unknown> {
  const { app, trans } = parts;
  const project = await projectOf(parts, args);
  if (app.commands.isEnabled('docmanager:save-all')) {
    await app.commands.execute('docmanager:save-all');
  }
  const { button, value } = await InputDialog.getText({
    title: trans.__('Save a version of "%1"', project.name),
    label: trans.__('What changed? (may stay empty)'),
    okLabel: trans.__('Save version'),
    cancelLabel: trans.__('Cancel')
  });
  if (!button.accept) {
    return undefined;
  }
  const version = await history.saveVersion(server(parts), project.id, value ?? '');
  Notification.success(
    version.number === project.version
      ? trans.__('Nothing has changed since version %1.', version.number)
      : trans.__('Version %1 is saved.', version.number),
    { autoClose: 4000 }
  );
  parts.changed();
  return version;
}

async function compare(parts: Parts, args: ReadonlyPartialJSONObject): Promise<unknown> {
  const { app, trans } = parts;
  const project = await projectOf(parts, args);
  const from = typeof args['from'] === 'number' ? args['from'] : project.version;
  const to = typeof args['to'] === 'number' ? args['to'] : null;
  const folder = to === null;
  const model = new CompareModel(
    {
      changes: (sides, after) => history.listChanges(server(parts), project.id, sides, after),
      file: (sides, path, old) => history.compareFile(server(parts), project.id, sides, path, old)
    },
    { from, to, folder }
  );
  const content = new ComparisonPanel({
    model,
    trans,
    newest: project.version,
    folder: project.directory !== null,
    onRestoreFile:
      project.role === 'viewer'
        ? undefined
        : (version, path) =>
            void app.commands
              .execute(CommandIDs.restore, { project: project.id, version, path })
              .then(() => model.load())
  });
  const widget = new MainAreaWidget({ content });
  widget.title.label = trans.__('Compare: %1', project.name);
  widget.title.closable = true;
  app.shell.add(widget, 'main');
  app.shell.activateById(widget.id);
  void model.load();
  return widget;
}

async function restore(parts: Parts, args: ReadonlyPartialJSONObject): Promise<unknown> {
  const { trans, documents, app } = parts;
  const project = await projectOf(parts, args);
  const version = Number(args['version']);
  const path = typeof args['path'] === 'string' ? args['path'] : null;
  const { button } = await showDialog({
    title: path
      ? trans.__('Bring back "%1" of version %2?', path, version)
      : trans.__('Restore version %1?', version),
    body: trans.__('What is there now is saved as a version first; nothing is lost.'),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Restore') })
    ]
  });
  if (!button.accept) {
    return undefined;
  }
  if (app.commands.isEnabled('docmanager:save-all')) {
    await app.commands.execute('docmanager:save-all');
  }
  const made = await history.restoreVersion(server(parts), project.id, version, path);
  if (documents && project.directory !== null) {
    for (const widget of app.shell.widgets('main')) {
      const context = documents.contextForWidget(widget);
      if (context?.path.startsWith(`${project.directory}/`)) {
        await context.revert();
      }
    }
  }
  Notification.success(trans.__('Version %1 is back, as version %2.', version, made.number), {
    autoClose: 4000
  });
  await parts.browser?.model.refresh();
  parts.changed();
  return made;
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

async function share(parts: Parts, args: ReadonlyPartialJSONObject): Promise<unknown> {
  const { trans } = parts;
  const project = await projectOf(parts, args);
  const { id } = project;
  const at = server(parts);
  const model = new ShareModel({
    members: async () => (await sharing.listMembers(at, id)).items,
    links: async () => (await sharing.listLinks(at, id)).items,
    publication: () => sharing.getPublication(at, id),
    add: (name, role) => sharing.addMember(at, id, name, role),
    change: (member, role) => sharing.changeRole(at, id, member, role),
    remove: member => sharing.removeMember(at, id, member),
    make: request => sharing.makeLink(at, id, request),
    revoke: link => sharing.revokeLink(at, id, link),
    publish: request => sharing.publish(at, id, request)
  });
  void model.load();
  const addressOf = (page: string): string => sharing.pageAddress(at, page);
  await showDialog({
    title: trans.__('Share "%1"', project.name),
    body: new ShareForm({ model, trans, addressOf }),
    buttons: [Dialog.okButton({ label: trans.__('Close') })]
  });
  parts.changed();
  return undefined;
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

/** Whether a copy is wanted although the version may hold secrets; null if then it is not. */
async function asksForSecrets(
  parts: Parts,
  project: Project,
  version: number | null
): Promise<boolean | null> {
  const { trans } = parts;
  const found = await history.getVersion(server(parts), project.id, version ?? 'latest');
  if (!found.held) {
    return false;
  }
  const { button } = await showDialog({
    title: trans.__('Version %1 may hold secrets', found.number),
    body: trans.__('They may be in %1. A copy would hold them too.', found.suspects.join(', ')),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.warnButton({ label: trans.__('Copy all the same') })
    ]
  });
  return button.accept ? true : null;
}

async function download(parts: Parts, args: ReadonlyPartialJSONObject): Promise<unknown> {
  const project = await projectOf(parts, args);
  const version = typeof args['version'] === 'number' ? args['version'] : project.version;
  const despite = await asksForSecrets(parts, project, version);
  if (despite === null) {
    return undefined;
  }
  const link = document.createElement('a');
  link.href = history.archiveAddress(server(parts), project.id, version, despite);
  link.download = '';
  link.click();
  return link.href;
}

/** Where a page opens: beside JupyterLab, without a way back into it. */
function openPage(address: string): void {
  window.open(address, '_blank', 'noopener,noreferrer');
}

async function openGallery(parts: Parts): Promise<void> {
  openPage(sharing.pageAddress(server(parts), 'tengen-studio/'));
}

async function openShared({ trans }: Parts): Promise<void> {
  const { button, value } = await InputDialog.getText({
    title: trans.__('Open a shared link'),
    label: trans.__('The link that you were sent'),
    okLabel: trans.__('Open'),
    cancelLabel: trans.__('Cancel')
  });
  if (!button.accept || !value) {
    return;
  }
  const address = URL.parse(value.trim());
  if (!address || !/^https?:$/.test(address.protocol)) {
    throw new Error(trans.__('A web address was expected, such as https://…'));
  }
  openPage(address.href);
}
