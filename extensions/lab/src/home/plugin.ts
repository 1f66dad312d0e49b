/** Wires the home feature into JupyterLab. */

import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, type MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { IMainMenu } from '@jupyterlab/mainmenu';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { getAbout } from '../api/about.ts';
import { copyTemplate, listTemplates } from '../api/templates.ts';
import { IProjects, type Projects } from '../projects/tokens.ts';
import { addCommands } from './commands.ts';
import { offerProjects, offerTemplates } from './launcher.ts';
import { HomeModel } from './model.ts';
import { CATEGORY, CommandIDs } from './tokens.ts';
import type { HomeView } from './view.tsx';

const ID = '@tengen/studio-lab:home';
/** How many projects the home tab offers to go on with, where no setting says otherwise. */
const RECENT = 6;

const plugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'The launcher section, the home tab and the About dialog of Tengen Studio.',
  autoStart: true,
  optional: [
    ILauncher,
    ICommandPalette,
    IMainMenu,
    IDefaultFileBrowser,
    ILayoutRestorer,
    IProjects,
    ISettingRegistry,
    ITranslator
  ],
  activate: (
    app: JupyterFrontEnd,
    launcher: ILauncher | null,
    palette: ICommandPalette | null,
    menu: IMainMenu | null,
    browser: IDefaultFileBrowser | null,
    restorer: ILayoutRestorer | null,
    projects: Projects | null,
    settings: ISettingRegistry | null,
    translator: ITranslator | null
  ) => {
    const server = app.serviceManager.serverSettings;
    const model = new HomeModel({
      templates: async () => (await listTemplates(server)).items,
      about: () => getAbout(server),
      copy: (slug, directory) => copyTemplate(server, slug, { directory }),
      ...(projects && { recent: async () => projects.recent(await recentCount(settings)) })
    });
    projects?.changed.connect(() => void model.load());
    const tracker = new WidgetTracker<MainAreaWidget<HomeView>>({ namespace: 'tengen-home' });
    addCommands({
      app,
      model,
      tracker,
      browser,
      projects: projects !== null,
      translator: translator ?? nullTranslator
    });
    offerTemplates(model, { launcher, palette, menu });
    if (projects) {
      offerProjects(launcher);
    }

    const order = { rank: 1000, categoryRank: -1 };
    launcher?.add({ command: CommandIDs.openHome, category: CATEGORY, ...order });
    palette?.addItem({ command: CommandIDs.openHome, category: CATEGORY });
    palette?.addItem({ command: CommandIDs.about, category: CATEGORY });
    menu?.viewMenu.addGroup([{ command: CommandIDs.openHome }], 0);
    menu?.helpMenu.addGroup([{ command: CommandIDs.about }], 0);
    void restorer?.restore(tracker, { command: CommandIDs.openHome, name: () => 'home' });
    void model.load();
  }
};

/** The setting's number of recent projects. */
async function recentCount(settings: ISettingRegistry | null): Promise<number> {
  const found = await settings?.get(ID, 'recentProjects').catch(() => undefined);
  return typeof found?.composite === 'number' ? found.composite : RECENT;
}

export default plugin;
