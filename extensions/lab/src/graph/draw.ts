/** Draws a scene on a canvas: only what is in sight, and only as much detail as can be seen. */

import type { Camera } from '../ui/canvas/camera.ts';
import type { FittedText } from '../ui/canvas/fitText.ts';
import { css, type Palette } from '../ui/canvas/palette.ts';
import type { Colouring } from './colouring.ts';
import type { Highlight } from './highlight.ts';
import type { Mark } from './marks.ts';
import { BoxPainter } from './paintBoxes.ts';
import { EdgePainter } from './paintEdges.ts';
import type { Scene } from './scene.ts';
import type { GraphTree, Item } from './tree.ts';

/** What is drawn, and how. */
export interface Picture {
  readonly tree: GraphTree;
  readonly scene: Scene;
  readonly camera: Camera;
  readonly palette: Palette;
  readonly text: FittedText;
  readonly colouring: Colouring | null;
  readonly highlight: Highlight | null;
  /** Whether what is not lit fades. */
  readonly fade: boolean;
  readonly selected: Item | null;
  readonly hovered: Item | null;
  readonly hits: ReadonlySet<Item>;
  readonly marks: ReadonlyMap<Item, Mark>;
  /** What is chosen in another view. */
  readonly linked: ReadonlySet<Item>;
}

/** Draw everything in a window of this size. */
export function drawPicture(
  pen: CanvasRenderingContext2D,
  picture: Picture,
  width: number,
  height: number
): void {
  drawBase(pen, picture, width, height);
  drawOver(pen, picture, width, height);
}

/** What moves with the camera as it is: boxes and edges. */
export function drawBase(
  pen: CanvasRenderingContext2D,
  picture: Picture,
  width: number,
  height: number
): void {
  pen.fillStyle = css(picture.palette.background);
  pen.fillRect(0, 0, width, height);
  const boxes = new BoxPainter(pen, picture, width, height);
  const edges = new EdgePainter(pen, picture, width, height);
  const frames = boxes.visibleFrames();
  boxes.frames(frames);
  edges.edges(frames);
  boxes.boxes();
  edges.litEdges();
  edges.labels();
}

/** What keeps to the window or changes often: names of open groups, and outlines. */
export function drawOver(
  pen: CanvasRenderingContext2D,
  picture: Picture,
  width: number,
  height: number
): void {
  const boxes = new BoxPainter(pen, picture, width, height);
  boxes.headers(boxes.visibleFrames());
  boxes.outlines();
}
