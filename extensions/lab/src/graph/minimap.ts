/** The whole picture small in a corner, with what is in sight framed; a press goes there. */

import { type Area, Camera } from '../ui/canvas/camera.ts';
import { css, mix } from '../ui/canvas/palette.ts';
import type { Picture } from './draw.ts';
import { OPEN } from './scene.ts';
import { shadeColour } from './shades.ts';

const SIZE = { most: 168, least: 56 };

/** A small canvas over the stage; hidden while everything is in sight anyway. */
export class Minimap {
  private readonly _canvas = document.createElement('canvas');
  private readonly _still = document.createElement('canvas');
  private readonly _camera = new Camera({ least: 1e-6, most: 1 });
  private readonly _goTo: (x: number, y: number) => void;
  private _key: unknown = null;

  constructor(parent: HTMLElement, goTo: (x: number, y: number) => void) {
    this._goTo = goTo;
    this._canvas.className = 'tengen-Graph-minimap';
    this._canvas.setAttribute('aria-hidden', 'true');
    this._canvas.hidden = true;
    parent.append(this._canvas);
    this._canvas.addEventListener('pointerdown', this._press);
    this._canvas.addEventListener('pointermove', this._press);
  }

  /** Forget the drawn picture. */
  reset(): void {
    this._key = null;
  }

  draw(picture: Picture, shown: Area): void {
    const { palette, scene } = picture;
    const [w, h] = [scene.w[0] ?? 1, scene.h[0] ?? 1];
    const whole = shown.x <= 0 && shown.y <= 0 && shown.x + shown.w >= w && shown.y + shown.h >= h;
    this._canvas.hidden = whole;
    if (whole) {
      return;
    }
    const scale = Math.min(SIZE.most / w, SIZE.most / h);
    const width = Math.max(SIZE.least, Math.round(w * scale));
    const height = Math.max(SIZE.least, Math.round(h * scale));
    this._camera.set({ x: w / 2 - width / 2 / scale, y: h / 2 - height / 2 / scale, scale });
    const ratio = window.devicePixelRatio || 1;
    const key = [scene, palette, picture.colouring, width, height, ratio];
    if (!Array.isArray(this._key) || key.some((part, i) => part !== (this._key as unknown[])[i])) {
      this._key = key;
      this._resize(width, height, ratio);
      this._drawStill(picture, width, height, ratio);
    }
    const pen = this._canvas.getContext('2d');
    if (pen) {
      pen.setTransform(1, 0, 0, 1, 0, 0);
      pen.drawImage(this._still, 0, 0);
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      const x = this._camera.toScreenX(shown.x);
      const y = this._camera.toScreenY(shown.y);
      pen.strokeStyle = css(palette.brand);
      pen.fillStyle = css(palette.brand, 0.12);
      pen.lineWidth = 1.5;
      const [fw, fh] = [Math.max(shown.w * scale, 4), Math.max(shown.h * scale, 4)];
      pen.fillRect(x, y, fw, fh);
      pen.strokeRect(x, y, fw, fh);
    }
  }

  dispose(): void {
    this._canvas.remove();
  }

  private _resize(width: number, height: number, ratio: number): void {
    for (const canvas of [this._canvas, this._still]) {
      canvas.width = width * ratio;
      canvas.height = height * ratio;
    }
    this._canvas.style.width = `${width}px`;
    this._canvas.style.height = `${height}px`;
  }

  private _drawStill(picture: Picture, width: number, height: number, ratio: number): void {
    const pen = this._still.getContext('2d');
    if (!pen) {
      return;
    }
    const { colouring, palette, scene } = picture;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = css(palette.background);
    pen.fillRect(0, 0, width, height);
    const scale = this._camera.scale;
    for (let box = 1; box < scene.count;) {
      const open = ((scene.bits[box] ?? 0) & OPEN) !== 0;
      const [w, h] = [(scene.w[box] ?? 0) * scale, (scene.h[box] ?? 0) * scale];
      const solid = !open || h < 3 || w < 3;
      const colour = shadeColour(palette, colouring?.shadeOf(scene.items[box] ?? 0) ?? null);
      const plain = mix(palette.background, palette.text, solid ? 0.32 : 0.07);
      pen.fillStyle = css(solid && colour ? mix(palette.background, colour, 0.7) : plain);
      const x = this._camera.toScreenX(scene.x[box] ?? 0);
      const y = this._camera.toScreenY(scene.y[box] ?? 0);
      pen.fillRect(x, y, Math.max(w, 0.7), Math.max(h, 0.7));
      box = solid ? (scene.ends[box] ?? scene.count) : box + 1;
    }
  }

  private readonly _press = (event: PointerEvent): void => {
    if (event.buttons & 1) {
      const { left, top } = this._canvas.getBoundingClientRect();
      const { x, y } = { x: event.clientX - left, y: event.clientY - top };
      this._goTo(this._camera.toPlaneX(x), this._camera.toPlaneY(y));
      event.preventDefault();
    }
  };
}
