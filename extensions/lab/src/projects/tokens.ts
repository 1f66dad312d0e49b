/** What other features may ask of the projects, and the ids of their commands. */

import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import type { Project } from '../api/types.ts';

/** The ids of the projects feature's commands, for palette, menus, home tab and tests. */
export const CommandIDs = {
  show: 'tengen-studio:show-projects',
  create: 'tengen-studio:new-project',
  importFrom: 'tengen-studio:import-project',
  open: 'tengen-studio:open-project',
  save: 'tengen-studio:save-version',
  compare: 'tengen-studio:compare-versions',
  restore: 'tengen-studio:restore-version',
  clear: 'tengen-studio:clear-version',
  fork: 'tengen-studio:fork-project',
  share: 'tengen-studio:share-project',
  rename: 'tengen-studio:rename-project',
  trash: 'tengen-studio:trash-project',
  download: 'tengen-studio:download-project',
  datasets: 'tengen-studio:datasets',
  reproduce: 'tengen-studio:reproduce-version',
  pull: 'tengen-studio:pull-origin',
  openGallery: 'tengen-studio:open-gallery',
  openShared: 'tengen-studio:open-shared-link'
} as const;

/** The projects, for features that list or start them. */
export interface Projects {
  /** Emitted when a project was made, changed or removed. */
  readonly changed: ISignal<unknown, void>;
  /** The latest changed projects. */
  recent(count: number): Promise<Project[]>;
}

/** The projects of this server. */
export const IProjects = new Token<Projects>(
  '@tengen/studio-lab:IProjects',
  'Lists the projects of this server.'
);
