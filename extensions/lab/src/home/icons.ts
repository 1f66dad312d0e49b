/** The studio's own icon, and icons made from the templates' pictures. */

import { LabIcon } from '@jupyterlab/ui-components';
import type { Template } from '../api/types.ts';

/** The centre point of a Go board with a stone on it. */
export const tengenIcon = new LabIcon({
  name: 'tengen-studio:tengen',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" stroke="#616161" stroke-width="1.3" fill="none">
    <path d="M5 2v20M12 2v20M19 2v20M2 5h20M2 12h20M2 19h20"/>
  </g>
  <circle cx="12" cy="12" r="5.6" fill="#0d8a7b"/>
  <ellipse cx="10.3" cy="10" rx="2" ry="1.3" fill="#fff" opacity=".45" transform="rotate(-32 10.3 10)"/>
</svg>`
});

/** An address of the template's picture that an image can load; nothing in it can run. */
export function pictureUrl(template: Template): string {
  const bytes = new TextEncoder().encode(template.picture);
  const binary = Array.from(bytes, byte => String.fromCharCode(byte)).join('');
  return `data:image/svg+xml;base64,${btoa(binary)}`;
}

const icons = new Map<string, LabIcon>();

/** The template's picture as a JupyterLab icon; embedded as an image, so nothing in it runs. */
export function pictureIcon(template: Template): LabIcon {
  const url = pictureUrl(template);
  let icon = icons.get(url);
  if (!icon) {
    const name = `tengen-studio:template-${template.slug}-${icons.size}`;
    const image = `<image href="${url}" width="200" height="112"/>`;
    const root = 'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 112"';
    icon = new LabIcon({ name, svgstr: `<svg ${root}>${image}</svg>` });
    icons.set(url, icon);
  }
  return icon;
}
