/** The project that a command is about, and actions on it as commands. */

import { Dialog, showDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import * as projects from '../api/projects.ts';
import type { Project } from '../api/types.ts';
import type { Parts } from './commands.ts';

/** What a command does. */
export type Act = (parts: Parts, args: ReadonlyPartialJSONObject) => Promise<unknown>;

/** The project that a command is about: named, chosen in the panel, or the current folder's. */
export async function projectOf(parts: Parts, args: ReadonlyPartialJSONObject): Promise<Project> {
  const { app, model, browser, trans } = parts;
  if (typeof args['project'] === 'string') {
    return projects.getProject(app.serviceManager.serverSettings, args['project']);
  }
  const found =
    model.chosen ??
    model.projectOf(documentOf(parts)) ??
    model.projectOf(browser?.model.path ?? '');
  if (!found) {
    throw new Error(trans.__('No project is open: choose one in the projects panel.'));
  }
  return found;
}

/** The path of the document in front, '' if there is none. */
function documentOf({ app, documents }: Parts): string {
  const { currentWidget } = app.shell;
  return (currentWidget && documents?.contextForWidget(currentWidget)?.path) ?? '';
}

/** As `projectOf`; the folder of the document in front can become one. */
async function projectOrNew(
  parts: Parts,
  args: ReadonlyPartialJSONObject
): Promise<Project | undefined> {
  const { model, trans } = parts;
  const folder = PathExt.dirname(documentOf(parts));
  if (model.list.kind === 'loading' || model.list.kind === 'error') {
    await model.load();
  }
  const known = args['project'] ?? model.chosen ?? model.projectOf(folder);
  if (known || !folder) {
    return projectOf(parts, args);
  }
  const { button } = await showDialog({
    title: trans.__('Make "%1" a project?', folder),
    body: trans.__('A project is a folder with a history. Nothing in it is moved or changed.'),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Make it a project') })
    ]
  });
  if (!button.accept) {
    return undefined;
  }
  const { project } = await projects.makeProject(parts.app.serviceManager.serverSettings, {
    name: '',
    folder
  });
  parts.changed();
  parts.show();
  await model.choose(project);
  return project;
}

/** An action on the project at hand, as a command. */
export function withProject(
  act: (parts: Parts, project: Project, args: ReadonlyPartialJSONObject) => Promise<unknown>
): Act {
  return async (parts, args) => act(parts, await projectOf(parts, args), args);
}

/** An action on the project at hand, or on one that is made of the folder at hand. */
export function withProjectOrNew(act: (parts: Parts, project: Project) => Promise<unknown>): Act {
  return async (parts, args) => {
    const project = await projectOrNew(parts, args);
    return project && act(parts, project);
  };
}

/** An action on a version of the project at hand, the newest by default, as a command. */
export function withVersion(
  act: (parts: Parts, project: Project, version: number) => Promise<unknown>
): Act {
  return async (parts, args) => {
    const project = await projectOf(parts, args);
    const version = typeof args['version'] === 'number' ? args['version'] : project.version;
    return act(parts, project, version);
  };
}
