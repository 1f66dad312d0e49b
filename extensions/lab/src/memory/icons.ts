/** The icon of memory: blocks that live for a while, one above the other. */

import { LabIcon } from '@jupyterlab/ui-components';

export const memoryIcon = new LabIcon({
  name: 'tengen-studio:memory',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3 jp-icon-selectable" fill="#616161">
    <path d="M2 16h20v5H2zM5 9.5h13v5H5zM9 3h6v5H9z"/>
  </g>
</svg>`
});
