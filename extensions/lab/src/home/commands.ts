/** The home feature's commands, from which palette, menus, launcher and home tab all act. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Dialog, MainAreaWidget, WidgetTracker, showDialog } from '@jupyterlab/apputils';
import type { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import type { ITranslator } from '@jupyterlab/translation';
import type { Widget } from '@lumino/widgets';
import { CommandIDs as ProjectCommands } from '../projects/tokens.ts';
import { getAbout } from '../api/about.ts';
import { DOMAIN, failureText, inLanguage } from '../ui/text.ts';
import { showAbout } from './about.tsx';
import { pictureIcon, tengenIcon } from './icons.ts';
import type { HomeModel } from './model.ts';
import { CommandIDs } from './tokens.ts';
import { HomeView } from './view.tsx';

/** What the commands work with. */
export interface Parts {
  app: JupyterFrontEnd;
  model: HomeModel;
  translator: ITranslator;
  tracker: WidgetTracker<MainAreaWidget<HomeView>>;
  browser: IDefaultFileBrowser | null;
  /** Whether there are projects to offer. */
  projects: boolean;
}

/** Add the commands to the application. */
export function addCommands(parts: Parts): void {
  const { app, model, translator } = parts;
  const { commands } = app;
  const trans = translator.load(DOMAIN);

  commands.addCommand(CommandIDs.openHome, {
    label: trans.__('Studio home'),
    caption: trans.__('What to start from, and what this machine has'),
    icon: tengenIcon,
    describedBy: { args: { type: 'object', properties: {} } },
    execute: () => openHome(parts)
  });

  commands.addCommand(CommandIDs.start, {
    label: args => {
      const template = model.template(String(args.slug));
      const title = template ? inLanguage(template.title, translator.languageCode) : '';
      if (!title) {
        return trans.__('Start from');
      }
      return args.isPalette ? trans.__('Start from: %1', title) : title;
    },
    caption: args => {
      const template = model.template(String(args.slug));
      return template ? inLanguage(template.description, translator.languageCode) : '';
    },
    icon: args => {
      const template = model.template(String(args.slug));
      return args.isPalette || args.isMenu || !template ? undefined : pictureIcon(template);
    },
    describedBy: {
      args: {
        type: 'object',
        properties: {
          slug: { type: 'string', description: 'The template to start from' },
          cwd: { type: 'string', description: 'The folder to copy it into' },
          isPalette: { type: 'boolean' },
          isMenu: { type: 'boolean' }
        },
        required: ['slug']
      }
    },
    execute: args =>
      startFrom(parts, String(args.slug), typeof args.cwd === 'string' ? args.cwd : undefined)
  });

  commands.addCommand(CommandIDs.about, {
    label: trans.__('About Tengen Studio'),
    icon: tengenIcon,
    describedBy: { args: { type: 'object', properties: {} } },
    execute: async () => {
      try {
        await showAbout(await getAbout(app.serviceManager.serverSettings), trans);
      } catch (error) {
        await showFailure(parts, trans.__('The versions could not be read'), error);
      }
    }
  });
}

/** Copy a template and open its notebook; a failure is shown and changes nothing. */
async function startFrom(parts: Parts, slug: string, cwd?: string): Promise<Widget | undefined> {
  const { app, model, browser, translator } = parts;
  const trans = translator.load(DOMAIN);
  const directory = app.serviceManager.contents.localPath(cwd ?? browser?.model.path ?? '');
  try {
    const copy = await model.start(slug, directory);
    if (!copy) {
      return undefined;
    }
    void browser?.model.refresh();
    return (await app.commands.execute('docmanager:open', { path: copy.notebook })) as Widget;
  } catch (error) {
    await showFailure(parts, trans.__('The template could not be copied'), error);
    return undefined;
  }
}

function openHome(parts: Parts): Widget {
  const { app, model, translator, tracker } = parts;
  const trans = translator.load(DOMAIN);
  let home = tracker.currentWidget;
  if (!home || home.isDisposed) {
    const onStart = (slug: string): void => void app.commands.execute(CommandIDs.start, { slug });
    const run = (command: string, project?: string): void =>
      void app.commands.execute(command, project ? { project } : {});
    const projects = parts.projects && {
      create: () => run(ProjectCommands.create),
      importFrom: () => run(ProjectCommands.importFrom),
      openShared: () => run(ProjectCommands.openShared),
      openGallery: () => run(ProjectCommands.openGallery),
      open: (id: string) => run(ProjectCommands.open, id)
    };
    const wiring = { translator, onStart, ...(projects && { projects }) };
    home = new MainAreaWidget({ content: new HomeView(model, wiring) });
    home.id = 'tengen-studio-home';
    home.title.label = trans.__('Studio home');
    home.title.icon = tengenIcon;
    home.title.closable = true;
    void tracker.add(home);
    void model.load();
  }
  if (!home.isAttached) {
    app.shell.add(home, 'main');
  }
  app.shell.activateById(home.id);
  return home;
}

async function showFailure(parts: Parts, title: string, error: unknown): Promise<void> {
  const trans = parts.translator.load(DOMAIN);
  await showDialog({
    title,
    body: `${failureText(error, trans)} ${trans.__('Your files are not affected.')}`,
    buttons: [Dialog.okButton({ label: trans.__('Close') })]
  });
}
