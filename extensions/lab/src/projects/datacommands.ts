/** The commands about a project's data sets, runs of it again, and what its origin has changed. */

import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import * as datasets from '../api/datasets.ts';
import * as history from '../api/history.ts';
import { RequestError } from '../api/refusal.ts';
import * as runs from '../api/reproduce.ts';
import type { Merged, Project } from '../api/types.ts';
import { failureText } from '../ui/text.ts';
import type { Parts } from './commands.ts';
import { DatasetsModel } from './datasets.ts';
import { DatasetsForm } from './datasetsform.tsx';

const PAUSE = 1000;

/** Resolves a second later. */
export function aWhile(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, PAUSE));
}

/** Show the data sets of this machine, to be put into the project. */
export async function openDatasets(parts: Parts, project: Project | null): Promise<void> {
  const { app, trans, upkeep } = parts;
  const server = app.serviceManager.serverSettings;
  const model = new DatasetsModel({
    list: (search, after) => datasets.listDatasets(server, search, after),
    register: request => datasets.registerDataset(server, request),
    forget: id => datasets.forgetDataset(server, id),
    preview: id => datasets.previewDataset(server, id),
    mount: project && (id => datasets.mountDataset(server, project.id, id)),
    pause: aWhile
  });
  void model.load();
  await showDialog({
    title: project ? trans.__('Data for "%1"', project.name) : trans.__('Data sets'),
    body: new DatasetsForm({ model, trans }),
    buttons: [Dialog.okButton({ label: trans.__('Close') })]
  });
  await upkeep.load();
  await parts.browser?.model.refresh();
}

/** Put a data set into a project. */
export async function mount(parts: Parts, project: Project, id: string): Promise<void> {
  await datasets.mountDataset(parts.app.serviceManager.serverSettings, project.id, id);
  await parts.upkeep.load();
}

/** Take a data set out of a project. */
export async function unmount(parts: Parts, project: Project, name: string): Promise<void> {
  await datasets.unmountDataset(parts.app.serviceManager.serverSettings, project.id, name);
  await parts.upkeep.load();
}

/** Run the newest version again. */
export async function reproduce(parts: Parts, project: Project): Promise<void> {
  await runs.reproduce(parts.app.serviceManager.serverSettings, project.id, {});
  await parts.upkeep.load();
}

/** Cancel a run. */
export async function stopRun(parts: Parts, project: Project, id: string): Promise<void> {
  await runs.cancelReproduction(parts.app.serviceManager.serverSettings, project.id, id);
  await parts.upkeep.load();
}

/** Bring in what the origin of a fork has changed; both sides of a conflict are kept. */
export async function pull(parts: Parts, project: Project): Promise<unknown> {
  const { app, trans, browser } = parts;
  if (app.commands.isEnabled('docmanager:save-all')) {
    await app.commands.execute('docmanager:save-all');
  }
  let merged: Merged;
  try {
    merged = await history.pullOrigin(app.serviceManager.serverSettings, project.id);
  } catch (error) {
    if (error instanceof RequestError && error.code === 'conflict') {
      // That there is nothing to bring in is an answer, not a failure.
      Notification.info(failureText(error, trans), { autoClose: 6000 });
      return undefined;
    }
    throw error;
  }
  const conflicts = Object.entries(merged.conflicts);
  const count = merged.taken.length + merged.merged.length;
  if (conflicts.length) {
    await showDialog({
      title: trans.__('Files that were changed on both sides: %1', conflicts.length),
      body: conflicts.map(([path, beside]) => `${path} → ${beside}`).join(', '),
      buttons: [Dialog.okButton({ label: trans.__('Close') })]
    });
  } else {
    Notification.success(
      count
        ? trans.__(
            'Files brought in from the origin: %1, as version %2.',
            count,
            merged.version.number
          )
        : trans.__('There is nothing new in the origin.'),
      { autoClose: 6000 }
    );
  }
  await browser?.model.refresh();
  parts.changed();
  return merged;
}
