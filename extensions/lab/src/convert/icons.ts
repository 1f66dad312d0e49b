/** The icon of the button: a stone inside a lozenge. */

import { LabIcon } from '@jupyterlab/ui-components';

export const staticIcon = new LabIcon({
  name: 'tengen-studio:static',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3" stroke="#616161" stroke-width="1.8" fill="none" d="M12 2 22 12 12 22 2 12Z"/>
  <path fill="#0d8a7b" d="M12 7 17 12 12 17 7 12Z"/>
</svg>`
});
