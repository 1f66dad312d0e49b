/** The icon of graphs: operators and what flows between them. */

import { LabIcon } from '@jupyterlab/ui-components';

export const graphIcon = new LabIcon({
  name: 'tengen-studio:graph',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3" stroke="#616161" stroke-width="1.8" fill="none" d="M12 7v3M12 10 6 16M12 10l6 6"/>
  <g class="jp-icon3 jp-icon-selectable" fill="#616161">
    <path d="M8 2h8v6H8zM2 15h8v6H2zM14 15h8v6h-8z"/>
  </g>
</svg>`
});
