/** Wires the language of our settings into JupyterLab, which translates only its own. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator } from '@jupyterlab/translation';
import { DOMAIN } from '../ui/text.ts';
import { sayIn } from './say.ts';

const OURS = '@tengen/studio-lab:';

const plugin: JupyterFrontEndPlugin<void> = {
  id: '@tengen/studio-lab:settings',
  description: 'Shows the settings of Tengen Studio in the language of the page.',
  autoStart: true,
  requires: [ISettingRegistry, ITranslator],
  activate: (app: JupyterFrontEnd, settings: ISettingRegistry, translator: ITranslator) => {
    const trans = translator.load(DOMAIN);
    const say = (id: string) => {
      const found = settings.plugins[id];
      if (found && id.startsWith(OURS)) {
        sayIn(found.schema, text => trans.gettext(text));
      }
    };
    settings.pluginChanged.connect((_, id) => say(id));
    void app.restored.then(() => Object.keys(settings.plugins).forEach(say));
  }
};

export default plugin;
