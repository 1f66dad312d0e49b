/** The commands about a project's versions: saving, comparing, going back. */

import {
  Dialog,
  InputDialog,
  MainAreaWidget,
  Notification,
  showDialog
} from '@jupyterlab/apputils';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import * as history from '../api/history.ts';
import { getProject } from '../api/projects.ts';
import type { Server } from '../api/request.ts';
import type { Project } from '../api/types.ts';
import type { Parts } from './commands.ts';
import { CompareModel } from './compare.ts';
import { ComparisonPanel } from './comparison.tsx';
import { projectsIcon } from './icons.ts';
import { CommandIDs } from './tokens.ts';

const server = (parts: Parts): Server => parts.app.serviceManager.serverSettings;

/** Save what is open, ask for a message, and keep a version. */
export async function save(parts: Parts, project: Project): Promise<unknown> {
  const { app, trans } = parts;
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

/** Show two versions side by side, or a version and the folder. */
export async function compare(
  parts: Parts,
  project: Project,
  args: ReadonlyPartialJSONObject
): Promise<unknown> {
  const { app, trans } = parts;
  const from = typeof args['from'] === 'number' ? args['from'] : project.version;
  const to = typeof args['to'] === 'number' ? args['to'] : null;
  const folder = to === null;
  const model = new CompareModel(
    {
      changes: (sides, after) => history.listChanges(server(parts), project.id, sides, after),
      file: (sides, path, old) => history.compareFile(server(parts), project.id, sides, path, old),
      newest: async () => (await getProject(server(parts), project.id)).version
    },
    { from, to, folder },
    project.version
  );
  const content = new ComparisonPanel({
    model,
    trans,
    folder: project.directory !== null,
    onRestoreFile:
      project.role === 'viewer'
        ? undefined
        : (version, path) =>
            void app.commands.execute(CommandIDs.restore, { project: project.id, version, path })
  });
  const widget = new MainAreaWidget({ content });
  widget.title.label = trans.__('Compare: %1', project.name);
  widget.title.icon = projectsIcon;
  widget.title.closable = true;
  const refresh = (): void => void model.refresh();
  parts.updated.connect(refresh);
  widget.disposed.connect(() => parts.updated.disconnect(refresh));
  app.shell.add(widget, 'main');
  app.shell.activateById(widget.id);
  void model.load();
  return widget;
}

/** Bring back a version or a file of it, after asking; open documents are read again. */
export async function restore(
  parts: Parts,
  project: Project,
  args: ReadonlyPartialJSONObject
): Promise<unknown> {
  const { trans, documents, app } = parts;
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
