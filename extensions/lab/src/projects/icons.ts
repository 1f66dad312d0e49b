/** The panel's icon: versions of a folder, one on another. */

import { LabIcon } from '@jupyterlab/ui-components';

export const projectsIcon = new LabIcon({
  name: 'tengen-studio:projects',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3 jp-icon-selectable" fill="#616161">
    <path d="M3 9V5a1 1 0 0 1 1-1h5l2 2h9a1 1 0 0 1 1 1v2H3z"/>
    <path d="M3 11h18v3H3zM3 16h18v3a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1v-3z"/>
  </g>
</svg>`
});
