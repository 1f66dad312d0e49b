/** Keeps launcher cards, palette entries and the File ▸ New menu in step with the templates. */

import type { ICommandPalette } from '@jupyterlab/apputils';
import type { ILauncher } from '@jupyterlab/launcher';
import type { IMainMenu } from '@jupyterlab/mainmenu';
import { DisposableSet, type IDisposable } from '@lumino/disposable';
import { CommandIDs as ProjectCommands } from '../projects/tokens.ts';
import type { HomeModel } from './model.ts';
import { CATEGORY, CommandIDs } from './tokens.ts';

/** The places that offer templates; each may be missing. */
export interface Places {
  launcher: ILauncher | null;
  palette: ICommandPalette | null;
  menu: IMainMenu | null;
}

/** Offer the loaded templates in every place, again whenever they change. */
export function offerTemplates(model: HomeModel, places: Places): void {
  let offered: IDisposable = new DisposableSet();
  let shown = '';
  model.changed.connect(() => {
    if (model.state.kind === 'loading') {
      return; // the cards stay while a reload is under way
    }
    const templates = model.state.kind === 'full' ? model.state.templates : [];
    const now = JSON.stringify(templates);
    if (now !== shown) {
      shown = now;
      offered.dispose();
      offered = offer(
        templates.map(template => template.slug),
        places
      );
    }
  });
}

/** Offer new projects, imports and shared links behind the templates' cards. */
export function offerProjects(launcher: ILauncher | null): void {
  const { create, importFrom, openShared } = ProjectCommands;
  [create, importFrom, openShared].forEach((command, place) => {
    const order = { rank: 500 + place, categoryRank: -1 };
    launcher?.add({ command, args: { isLauncher: true }, category: CATEGORY, ...order });
  });
}

function offer(slugs: string[], places: Places): IDisposable {
  const { launcher, palette, menu } = places;
  const command = CommandIDs.start;
  const set = new DisposableSet();
  slugs.forEach((slug, rank) => {
    if (launcher) {
      // Before the notebooks, whose section has rank 0.
      const order = { rank, categoryRank: -1 };
      set.add(launcher.add({ command, args: { slug }, category: CATEGORY, ...order }));
    }
    if (palette) {
      set.add(palette.addItem({ command, args: { slug, isPalette: true }, category: CATEGORY }));
    }
  });
  const items = slugs.map(slug => ({ command, args: { slug, isMenu: true } }));
  if (menu && items.length) {
    set.add(menu.fileMenu.newMenu.addGroup(items, 100));
  }
  return set;
}
