/** Wires the projects panel into JupyterLab. */

import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { IMainMenu } from '@jupyterlab/mainmenu';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { listMounts } from '../api/datasets.ts';
import { listChanges, listVersions } from '../api/history.ts';
import { getProject, listProjects, listTags } from '../api/projects.ts';
import { getReproduction, listReproductions } from '../api/reproduce.ts';
import { DOMAIN } from '../ui/text.ts';
import { type Parts, addCommands, guarded, remove, untrash } from './commands.ts';
import { aWhile, mount, stopRun, unmount } from './datacommands.ts';
import { projectsIcon } from './icons.ts';
import type { Actions } from './list.tsx';
import { ProjectsModel } from './model.ts';
import { ProjectsPanel } from './panel.tsx';
import { CommandIDs, IProjects, type Projects } from './tokens.ts';
import { UpkeepModel } from './upkeep.ts';

const CATEGORY = 'Tengen Studio';

const plugin: JupyterFrontEndPlugin<Projects> = {
  id: '@tengen/studio-lab:projects',
  description: 'The projects panel: versions, comparison, sharing, trash.',
  autoStart: true,
  provides: IProjects,
  optional: [
    IDefaultFileBrowser,
    IDocumentManager,
    ICommandPalette,
    IMainMenu,
    ILayoutRestorer,
    ITranslator
  ],
  activate: (
    app: JupyterFrontEnd,
    browser: IDefaultFileBrowser | null,
    documents: IDocumentManager | null,
    palette: ICommandPalette | null,
    menu: IMainMenu | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null
  ) => {
    const server = app.serviceManager.serverSettings;
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const model = new ProjectsModel({
      projects: filter => listProjects(server, filter),
      tags: async () => (await listTags(server)).items,
      project: id => getProject(server, id),
      versions: (id, after) => listVersions(server, id, after),
      unsaved: id => listChanges(server, id, { folder: true })
    });
    const upkeep: UpkeepModel = new UpkeepModel({
      mounts: async id => (await listMounts(server, id)).items,
      runs: async id => {
        const { items } = await listReproductions(server, id);
        const judged = items.find(({ state }) => state === 'agreed' || state === 'differed');
        const whole = judged && (await getReproduction(server, id, judged.id));
        return items.map(run => (run === judged && whole ? whole : run));
      },
      pause: async () => {
        await aWhile();
        return panel.isVisible;
      }
    });
    model.changed.connect(() => void upkeep.follow(model.chosen?.id ?? null));
    const changed = new Signal<object, void>({});
    const parts: Parts = {
      app,
      model,
      upkeep,
      browser,
      documents,
      trans,
      language: translator?.languageCode ?? 'en',
      show: () => app.shell.activateById(panel.id),
      changed: () => {
        void model.load();
        void model.refresh();
        void upkeep.load();
        changed.emit();
      },
      updated: changed
    };
    const panel: ProjectsPanel = new ProjectsPanel({
      model,
      upkeep,
      actions: actionsOf(parts),
      trans
    });
    panel.id = 'tengen-projects';
    panel.title.caption = trans.__('Projects');
    panel.title.icon = projectsIcon;
    app.shell.add(panel, 'left', { rank: 150 });
    restorer?.add(panel, panel.id);
    addCommands(parts);

    for (const command of [
      CommandIDs.show,
      CommandIDs.create,
      CommandIDs.importFrom,
      CommandIDs.save,
      CommandIDs.compare,
      CommandIDs.fork,
      CommandIDs.share,
      CommandIDs.datasets,
      CommandIDs.reproduce,
      CommandIDs.pull,
      CommandIDs.openGallery,
      CommandIDs.openShared
    ]) {
      palette?.addItem({ command, category: CATEGORY });
    }
    menu?.fileMenu.newMenu.addGroup([{ command: CommandIDs.create }], 90);
    menu?.fileMenu.addGroup([{ command: CommandIDs.save }, { command: CommandIDs.importFrom }], 4);
    menu?.viewMenu.addGroup([{ command: CommandIDs.show }], 1);

    // A saved document may be the first change since the last version.
    app.serviceManager.contents.fileChanged.connect((_, change) => {
      const path = change.newValue?.path ?? change.oldValue?.path ?? '';
      if (panel.isVisible && model.projectOf(path)?.id === model.chosen?.id) {
        void model.refreshUnsaved();
      }
    });
    void model.load();
    return {
      changed,
      recent: async count => (await listProjects(server, { limit: count })).items
    };
  }
};

/** The panel's buttons as commands, so that both do the same. */
function actionsOf(parts: Parts): Actions {
  const run = (command: string, args: Record<string, string | number | null> = {}): void => {
    const given = Object.entries(args).filter(([, value]) => value !== null);
    void parts.app.commands.execute(command, Object.fromEntries(given));
  };
  return {
    create: () => run(CommandIDs.create),
    importFrom: () => run(CommandIDs.importFrom),
    open: project => run(CommandIDs.open, { project: project.id }),
    save: project => run(CommandIDs.save, { project: project.id }),
    compare: (project, from, to) => run(CommandIDs.compare, { project: project.id, from, to }),
    restore: (project, version) => run(CommandIDs.restore, { project: project.id, version }),
    fork: (project, version) => run(CommandIDs.fork, { project: project.id, version }),
    share: project => run(CommandIDs.share, { project: project.id }),
    rename: project => run(CommandIDs.rename, { project: project.id }),
    download: (project, version) => run(CommandIDs.download, { project: project.id, version }),
    clear: (project, version) => run(CommandIDs.clear, { project: project.id, version }),
    trash: project => run(CommandIDs.trash, { project: project.id }),
    datasets: project => run(CommandIDs.datasets, { project: project.id }),
    mount: (project, id) => void guarded(parts, () => mount(parts, project, id)),
    unmount: (project, name) => void guarded(parts, () => unmount(parts, project, name)),
    reproduce: project => run(CommandIDs.reproduce, { project: project.id }),
    stopRun: (project, id) => void guarded(parts, () => stopRun(parts, project, id)),
    pull: project => run(CommandIDs.pull, { project: project.id }),
    untrash: project => void guarded(parts, () => untrash(parts, project)),
    remove: project => void guarded(parts, () => remove(parts, project)),
    openGallery: () => run(CommandIDs.openGallery),
    openShared: () => run(CommandIDs.openShared)
  };
}

export default plugin;
