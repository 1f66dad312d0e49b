/** The plugins that this extension adds to JupyterLab. */

import home from './home/plugin.ts';

export default [home];
