/** The picture as a file: PNG from a canvas, SVG from a pen that writes instead of drawing. */

import { Camera } from '../ui/canvas/camera.ts';
import { drawPicture } from './draw.ts';
import type { Stage } from './stage.ts';
import { SvgPen } from './svgPen.ts';

const MARGIN = 24;
/** The longest side of a PNG, in pixels: what every browser can hold. */
const LONGEST = 8000;

/** Save the whole picture, as it is opened and coloured now, under the graph's name. */
export function exportPicture(stage: Stage, kind: 'svg' | 'png', name: string): void {
  if (kind === 'svg') {
    const text = svgOf(stage);
    if (text) {
      save(new Blob([text], { type: 'image/svg+xml' }), `${fileName(name)}.svg`);
    }
    return;
  }
  pngOf(stage)?.toBlob(blob => {
    if (blob) {
      save(blob, `${fileName(name)}.png`);
    }
  });
}

/** The picture as the text of an SVG file. */
export function svgOf(stage: Stage): string | null {
  const look = whole(stage, 1);
  if (!look) {
    return null;
  }
  const pen = new SvgPen(look.width, look.height);
  drawPicture(pen as unknown as CanvasRenderingContext2D, look.picture, look.width, look.height);
  return pen.text();
}

function pngOf(stage: Stage): HTMLCanvasElement | null {
  const look = whole(stage, 2);
  const canvas = document.createElement('canvas');
  const pen = canvas.getContext('2d');
  if (!look || !pen) {
    return null;
  }
  canvas.width = look.width;
  canvas.height = look.height;
  drawPicture(pen, look.picture, look.width, look.height);
  return canvas;
}

function whole(stage: Stage, scale: number) {
  const camera = new Camera({ least: 1e-4, most: 4 });
  const picture = stage.picture(camera);
  if (!picture) {
    return null;
  }
  const [w, h] = [picture.scene.w[0] ?? 1, picture.scene.h[0] ?? 1];
  const fitting = Math.min(scale, LONGEST / (Math.max(w, h) + 2 * MARGIN));
  camera.set({ x: -MARGIN, y: -MARGIN, scale: fitting });
  const width = Math.ceil((w + 2 * MARGIN) * fitting);
  const height = Math.ceil((h + 2 * MARGIN) * fitting);
  return { width, height, picture: { ...picture, hovered: null } };
}

function fileName(name: string): string {
  return name.replace(/[^\p{L}\p{N}._-]+/gu, '-').slice(0, 80) || 'graph';
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
