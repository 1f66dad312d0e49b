/** The canvas of a graph view: camera, pointer, keyboard, and the passage from picture to picture. */

import { Signal, type ISignal } from '@lumino/signaling';
import { type Area, Camera } from '../ui/canvas/camera.ts';
import { FittedText } from '../ui/canvas/fitText.ts';
import { listen } from '../ui/canvas/gestures.ts';
import { type Palette, readPalette, watchTheme } from '../ui/canvas/palette.ts';
import { Surface } from '../ui/canvas/surface.ts';
import { BaseLayer } from './baseLayer.ts';
import { drawOver, type Picture } from './draw.ts';
import { keyAction } from './keys.ts';
import { Minimap } from './minimap.ts';
import type { GraphModel } from './model.ts';
import type { SceneChange } from './shown.ts';
import { boxAt, GROUP, OPEN, type Scene } from './scene.ts';
import { between } from './transition.ts';
import type { Item } from './tree.ts';

const PASSAGE = 130; // milliseconds
/** What is brought into sight keeps this distance to the edges, in pixels. */
const EDGE = 90;
/** Larger pictures change at once. */
const MOST_MOVING = 3000;

/** What the stage asks of whoever shows it. */
export interface StageHandlers {
  /** Enter on a leaf, or its double click. */
  onLeaf(item: Item): void;
  /** The pointer rests on an item, or on nothing. */
  onHover(item: Item | null, x: number, y: number): void;
  onSearch(): void;
  onTheme(palette: Palette): void;
}

/** Draws a model in an element until disposed. */
export class Stage {
  readonly camera = new Camera();
  private readonly _model: GraphModel;
  private readonly _element: HTMLElement;
  private readonly _handlers: StageHandlers;
  private readonly _surface: Surface;
  private readonly _minimap: Minimap;
  private readonly _stops: (() => void)[];
  private readonly _moved = new Signal<this, void>(this);
  private readonly _followed = new Signal<this, void>(this);
  private _palette: Palette;
  private _text: FittedText;
  private _hovered: Item | null = null;
  private _shown: Scene | null = null;
  private _passage: { from: Scene; to: Scene; start: number } | null = null;
  private _fitted = false;
  private readonly _base = new BaseLayer();
  private _version = 0;
  private _drawn = 0;
  private _room = { width: 0, height: 0 };

  constructor(element: HTMLElement, model: GraphModel, handlers: StageHandlers) {
    this._element = element;
    this._model = model;
    this._handlers = handlers;
    this._palette = readPalette(element);
    this._text = new FittedText(`500 10px ${this._palette.font}`);
    this._surface = new Surface(
      element,
      (pen, w, h) => this._draw(pen, w, h),
      () => this._resized()
    );
    this._minimap = new Minimap(element, (x, y) => this._centre(x, y));
    this._stops = [
      listen(this._surface.canvas, {
        pan: (dx, dy) => {
          this.camera.pan(dx, dy);
          this._look();
        },
        zoom: (factor, x, y) => {
          this.camera.zoom(factor, x, y);
          this._look();
        },
        hover: (x, y) => this._hover(x, y),
        leave: () => this._setHovered(null, 0, 0),
        click: (x, y) => this._model.select(this._itemAt(x, y)),
        doubleClick: (x, y, event) => this._act(this._itemAt(x, y), event.altKey)
      }),
      watchTheme(() => this.refreshTheme())
    ];
    element.addEventListener('keydown', this._key);
    model.changed.connect(this._changed, this);
    model.sceneChanged.connect(this._newScene, this);
    model.revealed.connect(this._reveal, this);
    if (model.graph) {
      this._newScene(model, { anchor: null });
    }
  }

  /** Emitted when the camera was moved by the user. */
  get moved(): ISignal<this, void> {
    return this._moved;
  }

  get palette(): Palette {
    return this._palette;
  }

  get canvas(): HTMLCanvasElement {
    return this._surface.canvas;
  }

  /** How many pictures were drawn so far. */
  get drawn(): number {
    return this._drawn;
  }

  /** Show the whole graph. */
  fit(): void {
    const scene = this._model.graph?.scene;
    const { height, width } = this._surface;
    if (scene && width) {
      const area = { x: 0, y: 0, w: scene.w[0] ?? 1, h: scene.h[0] ?? 1 };
      this.camera.fit(area, width, height);
      // A tall graph begins readable at its top, not as a thread in the middle.
      const readable = Math.min(0.85, (width - 48) / area.w);
      if (this.camera.scale < readable && readable * area.w <= width) {
        this.camera.scale = readable;
        this.camera.x = area.w / 2 - width / 2 / readable;
        this.camera.y = -16 / readable;
      }
      this._look();
    }
  }

  /** Show everything, however small. */
  fitWhole(): void {
    const scene = this._model.graph?.scene;
    if (scene) {
      const area = { x: 0, y: 0, w: scene.w[0] ?? 1, h: scene.h[0] ?? 1 };
      this.camera.fit(area, this._surface.width, this._surface.height);
      this._look();
    }
  }

  zoomBy(factor: number): void {
    this.camera.zoom(factor, this._surface.width / 2, this._surface.height / 2);
    this._look();
  }

  /** Look somewhere, led by another stage. */
  follow(look: { x: number; y: number; scale: number }): void {
    this.camera.set(look);
    this._followed.emit();
    this._surface.update();
  }

  /** Emitted when the camera was moved by `follow`. */
  get followed(): ISignal<this, void> {
    return this._followed;
  }

  /** Take the theme's colours anew. */
  refreshTheme(): void {
    this._palette = readPalette(this._element);
    this._text = new FittedText(`500 10px ${this._palette.font}`);
    this._handlers.onTheme(this._palette);
    this._version += 1;
    this._surface.update();
  }

  /** What would be drawn now, for a picture elsewhere. */
  picture(camera = this.camera, scene = this._model.graph?.scene): Picture | null {
    const { graph } = this._model;
    if (!graph || !scene) {
      return null;
    }
    return {
      tree: graph.tree,
      scene,
      camera,
      palette: this._palette,
      text: this._text,
      colouring: this._model.looks.colouring,
      highlight: this._model.highlight,
      fade: this._model.reach !== 'near',
      selected: this._model.selected,
      hovered: this._hovered,
      hits: new Set(this._model.finding.hits.length > 2000 ? [] : this._model.finding.hits),
      marks: this._model.looks.marks,
      linked: this._model.linked.items
    };
  }

  update(): void {
    this._surface.update();
  }

  focus(): void {
    this._element.focus({ preventScroll: true });
  }

  dispose(): void {
    this._stops.forEach(stop => stop());
    this._element.removeEventListener('keydown', this._key);
    this._minimap.dispose();
    this._surface.dispose();
    Signal.clearData(this);
    this._model.changed.disconnect(this._changed, this);
    this._model.sceneChanged.disconnect(this._newScene, this);
    this._model.revealed.disconnect(this._reveal, this);
  }

  private _changed(): void {
    this._version += 1;
    this._surface.update();
  }

  private _look(): void {
    this._surface.update();
    this._moved.emit();
  }

  private _fitOnce(): void {
    if (!this._fitted && this._model.graph && this._surface.width) {
      this._fitted = true;
      this.fit();
    }
  }

  /** What is chosen stays in sight when its surroundings take room. */
  private _resized(): void {
    this._fitOnce();
    const { selected } = this._model;
    const spot = this._spot(this._shown, selected);
    const before = this.camera.shown(this._room.width, this._room.height);
    if (spot && selected !== null && has(before, spot)) {
      this._reveal(this._model, selected);
    }
  }

  private _draw(pen: CanvasRenderingContext2D, width: number, height: number): void {
    this._room = { width, height };
    const passage = this._passage;
    let scene = this._model.graph?.scene;
    if (passage && scene === passage.to) {
      const share = Math.min(1, (performance.now() - passage.start) / PASSAGE);
      if (share < 1) {
        scene = between(passage.from, passage.to, share);
        this._surface.update();
      } else {
        this._passage = null;
      }
    }
    const picture = this.picture(this.camera, scene);
    if (!picture) {
      return;
    }
    const size = { width, height, ratio: this._surface.ratio };
    const camera = this._base.draw(pen, picture, size, this._version);
    drawOver(pen, { ...picture, camera }, width, height);
    this._minimap.draw(picture, this.camera.shown(width, height));
    this._drawn += 1;
  }

  private _newScene(model: GraphModel, { anchor }: SceneChange): void {
    const scene = model.graph?.scene;
    if (!scene) {
      return;
    }
    const before = this._shown;
    this._shown = scene;
    this._hovered = null;
    const [now, then] = [this._spot(scene, anchor), this._spot(before, anchor)];
    if (!before || anchor === null || !now || !then) {
      this._fitted = false;
      this._fitOnce();
    } else {
      // The title of what was opened stays under the pointer.
      this.camera.x += now.x - then.x;
      this.camera.y += now.y - then.y;
      const calm = !matchMedia('(prefers-reduced-motion: reduce)').matches;
      if (calm && before.count + scene.count < MOST_MOVING) {
        const shifted = { dx: now.x - then.x, dy: now.y - then.y };
        this._passage = { from: moved(before, shifted), to: scene, start: performance.now() };
      }
    }
    this._minimap.reset();
    this._surface.update();
  }

  private _spot(scene: Scene | null, item: Item | null): { x: number; y: number } | null {
    const box = item === null ? undefined : scene?.boxes.get(item);
    return scene && box !== undefined ? { x: scene.x[box] ?? 0, y: scene.y[box] ?? 0 } : null;
  }

  private _itemAt(x: number, y: number): Item | null {
    const scene = this._model.graph?.scene;
    const box = scene ? boxAt(scene, this.camera.toPlaneX(x), this.camera.toPlaneY(y)) : -1;
    return scene && box > 0 ? (scene.items[box] ?? null) : null;
  }

  private _hover(x: number, y: number): void {
    this._setHovered(this._itemAt(x, y), x, y);
  }

  private _setHovered(item: Item | null, x: number, y: number): void {
    const scene = this._model.graph?.scene;
    const box = item === null ? undefined : scene?.boxes.get(item);
    const open = box !== undefined && ((scene?.bits[box] ?? 0) & OPEN) !== 0;
    this._surface.canvas.style.cursor = item !== null && !open ? 'pointer' : 'grab';
    this._handlers.onHover(open ? null : item, x, y);
    if (item !== this._hovered) {
      this._hovered = item;
      this._surface.update();
    }
  }

  private _act(item: Item | null, alike: boolean): void {
    if (item === null) {
      return;
    }
    if (item < 0) {
      void this._model.toggle(item, alike);
    } else {
      this._handlers.onLeaf(item);
    }
  }

  /** Bring an item into sight, moving no more than needed. */
  private _reveal(_: GraphModel, item: Item): void {
    const scene = this._model.graph?.scene;
    const box = scene?.boxes.get(item);
    const { height, width } = this._surface;
    if (!scene || box === undefined || !width) {
      return;
    }
    const [w, h] = [scene.w[box] ?? 0, scene.h[box] ?? 0];
    const open = ((scene.bits[box] ?? 0) & (GROUP | OPEN)) === (GROUP | OPEN);
    if (this.camera.scale < 0.45 && !open) {
      this.camera.scale = 0.8;
    }
    const scale = this.camera.scale;
    const x = this.camera.toScreenX(scene.x[box] ?? 0);
    const y = this.camera.toScreenY(scene.y[box] ?? 0);
    const dx = nudge(x, w * scale, width);
    const dy = nudge(y, Math.min(h * scale, height / 2), height);
    if (Math.abs(dx) > width / 2 || Math.abs(dy) > height / 2) {
      const focusY = open ? Math.min(h / 2, height / 2 / scale - EDGE / scale) : h / 2;
      this._centre((scene.x[box] ?? 0) + w / 2, (scene.y[box] ?? 0) + focusY);
    } else {
      this.camera.pan(dx, dy);
    }
    this._look();
  }

  private _centre(x: number, y: number): void {
    this.camera.x = x - this._surface.width / 2 / this.camera.scale;
    this.camera.y = y - this._surface.height / 2 / this.camera.scale;
    this._look();
  }

  private readonly _key = (event: KeyboardEvent): void => {
    if (event.target !== this._element || event.ctrlKey || event.metaKey) {
      return;
    }
    const act = keyAction(event.key, {
      model: this._model,
      enter: () => this._act(this._model.selected, event.altKey),
      search: () => this._handlers.onSearch(),
      fit: () => this.fitWhole(),
      home: () => this.fit(),
      zoom: factor => this.zoomBy(factor)
    });
    if (act) {
      event.preventDefault();
      event.stopPropagation();
      act();
    }
  };
}

/** How far to move what begins at `start` so that it stands away from both edges. */
function nudge(start: number, size: number, room: number): number {
  const edge = Math.min(EDGE, room / 4);
  if (start < edge) {
    return edge - start;
  }
  const over = start + size - (room - edge);
  return over > 0 ? -Math.min(over, start - edge) : 0;
}

function has(area: Area, { x, y }: { x: number; y: number }): boolean {
  return x >= area.x && x <= area.x + area.w && y >= area.y && y <= area.y + area.h;
}

function moved(scene: Scene, { dx, dy }: { dx: number; dy: number }): Scene {
  return { ...scene, x: scene.x.map(x => x + dx), y: scene.y.map(y => y + dy) };
}
