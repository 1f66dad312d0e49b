/** The base of a picture, kept from frame to frame: a pan paints only what comes into sight. */

import { Camera } from '../ui/canvas/camera.ts';
import { drawBase, type Picture } from './draw.ts';
import { LEAST } from './painter.ts';

/** Milliseconds from which on painting everything anew is too slow for every frame of a pan. */
const SLOW = 6;

/** A canvas of the window's size that remembers what is on it. */
export class BaseLayer {
  private readonly _canvas = document.createElement('canvas');
  private readonly _pen = this._canvas.getContext('2d', { alpha: false });
  private readonly _camera = new Camera({ least: 1e-6, most: 1e3 });
  private _drawn: { version: number; scene: unknown; ratio: number } | null = null;
  private _cost = 0;

  /**
   * Put the base of a picture on `pen`, in a window of this size with `ratio` pixels a unit.
   *
   * `version` rises whenever anything but the camera changed. Gives the camera to draw over it
   * with, which may be a fraction of a pixel off.
   */
  draw(
    pen: CanvasRenderingContext2D,
    picture: Picture,
    size: { width: number; height: number; ratio: number },
    version: number
  ): Camera {
    const { height, ratio, width } = size;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (!this._pen || !this._shift(picture, w, h, ratio, version)) {
      const start = performance.now();
      this._paintAll(picture, size, version);
      this._cost = performance.now() - start;
    }
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.drawImage(this._canvas, 0, 0);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    return this._camera;
  }

  private _paintAll(
    picture: Picture,
    { height, ratio, width }: { width: number; height: number; ratio: number },
    version: number
  ): void {
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this._canvas.width !== w || this._canvas.height !== h) {
      [this._canvas.width, this._canvas.height] = [w, h];
    }
    this._camera.set(picture.camera);
    this._drawn = { version, scene: picture.scene, ratio };
    if (this._pen) {
      this._pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      drawBase(this._pen, picture, width, height);
    }
  }

  /** Move what is there by whole pixels and paint the strips that are missing; false if unfit. */
  private _shift(picture: Picture, w: number, h: number, ratio: number, version: number): boolean {
    const pen = this._pen;
    const { camera, scene } = picture;
    const drawn = this._drawn;
    const same = drawn?.version === version && drawn.scene === scene && drawn.ratio === ratio;
    const sized = this._canvas.width === w && this._canvas.height === h;
    if (!pen || !same || !sized || camera.scale !== this._camera.scale) {
      return false;
    }
    // Labels on edges avoid each other over the whole window.
    const labelled = camera.scale >= LEAST.shapes;
    const pixel = camera.scale * ratio;
    const dx = Math.round((this._camera.x - camera.x) * pixel);
    const dy = Math.round((this._camera.y - camera.y) * pixel);
    if (dx === 0 && dy === 0) {
      return true;
    }
    if (labelled || this._cost < SLOW || Math.abs(dx) >= w || Math.abs(dy) >= h) {
      return false;
    }
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.globalCompositeOperation = 'copy';
    pen.drawImage(this._canvas, dx, dy);
    pen.globalCompositeOperation = 'source-over';
    this._camera.x -= dx / pixel;
    this._camera.y -= dy / pixel;
    const moved = { ...picture, camera: this._camera };
    if (dx !== 0) {
      this._strip(moved, { x: dx > 0 ? 0 : w + dx, y: 0, w: Math.abs(dx), h }, ratio);
    }
    if (dy !== 0) {
      this._strip(moved, { x: 0, y: dy > 0 ? 0 : h + dy, w, h: Math.abs(dy) }, ratio);
    }
    return true;
  }

  private _strip(
    picture: Picture,
    area: { x: number; y: number; w: number; h: number },
    ratio: number
  ): void {
    const pen = this._pen;
    if (!pen) {
      return;
    }
    const camera = new Camera({ least: 1e-6, most: 1e3 });
    const pixel = picture.camera.scale * ratio;
    camera.set({
      scale: picture.camera.scale,
      x: picture.camera.x + area.x / pixel,
      y: picture.camera.y + area.y / pixel
    });
    pen.save();
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.beginPath();
    pen.rect(area.x, area.y, area.w, area.h);
    pen.clip();
    pen.setTransform(ratio, 0, 0, ratio, area.x, area.y);
    drawBase(pen, { ...picture, camera }, area.w / ratio, area.h / ratio);
    pen.restore();
  }
}
