/** A look at a plane: what is where on the screen, by panning and zooming. */

/** A rectangle in the plane or on the screen. */
export interface Area {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** The plane's point at the screen's top left, and screen pixels per unit. */
export class Camera {
  x = 0;
  y = 0;
  scale = 1;
  private readonly _limits: { least: number; most: number };

  constructor(limits = { least: 0.002, most: 4 }) {
    this._limits = limits;
  }

  toScreenX(x: number): number {
    return (x - this.x) * this.scale;
  }

  toScreenY(y: number): number {
    return (y - this.y) * this.scale;
  }

  toPlaneX(x: number): number {
    return x / this.scale + this.x;
  }

  toPlaneY(y: number): number {
    return y / this.scale + this.y;
  }

  /** Move by screen pixels. */
  pan(dx: number, dy: number): void {
    this.x -= dx / this.scale;
    this.y -= dy / this.scale;
  }

  /** Zoom by a factor; the plane's point at this screen point stays where it is. */
  zoom(factor: number, atX: number, atY: number): void {
    const { least, most } = this._limits;
    const [planeX, planeY] = [this.toPlaneX(atX), this.toPlaneY(atY)];
    this.scale = Math.min(most, Math.max(least, this.scale * factor));
    this.x = planeX - atX / this.scale;
    this.y = planeY - atY / this.scale;
  }

  /** Show an area whole, in the middle of a screen of this size, at no more than `most`. */
  fit(area: Area, width: number, height: number, most = 1, margin = 24): void {
    const room = Math.min((width - 2 * margin) / area.w, (height - 2 * margin) / area.h);
    this.scale = Math.min(most, Math.max(this._limits.least, room));
    this.x = area.x + area.w / 2 - width / 2 / this.scale;
    this.y = area.y + area.h / 2 - height / 2 / this.scale;
  }

  /** What of the plane a screen of this size shows. */
  shown(width: number, height: number): Area {
    return { x: this.x, y: this.y, w: width / this.scale, h: height / this.scale };
  }

  /** Take over another camera's look. */
  set({ x, y, scale }: { x: number; y: number; scale: number }): void {
    this.x = x;
    this.y = y;
    this.scale = scale;
  }
}
