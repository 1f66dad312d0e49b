/** The plugins that this extension adds to JupyterLab. */

import convert from './convert/plugin.ts';
import gpus from './gpus/plugin.tsx';
import graph from './graph/plugin.ts';
import home from './home/plugin.ts';
import memory from './memory/plugin.ts';
import projects from './projects/plugin.ts';
import runs from './runs/plugin.ts';
import saving from './saving/plugin.ts';
import settings from './settings/plugin.ts';
import source from './source/plugin.ts';
import trouble from './trouble/plugin.ts';

export default [
  convert,
  gpus,
  graph,
  home,
  memory,
  projects,
  runs,
  saving,
  settings,
  source,
  trouble
];
