/** The picture as numbers: every visible box and edge in one plane, groups before what is in them. */

import { sizeOf } from './describe.ts';
import type { EdgeCollector, GroupEdges } from './groupEdges.ts';
import { FROM_OUTSIDE, type LayoutJob, type LayoutResult, TO_OUTSIDE } from './layout.ts';
import { type GraphTree, type Item, ROOT } from './tree.ts';

/** Bits of a box. */
export const GROUP = 1;
export const OPEN = 2;

export const HEADER = 26;
const MARGIN = { side: 18, top: 14, bottom: 18 };

/**
 * Boxes and edges in columns. Box `i` holds boxes `i + 1` up to `ends[i]`, and the edges drawn in it
 * are `edgeStarts[i]` up to `edgeEnds[i]`. Box 0 is the root, whose frame is not drawn.
 */
export interface Scene {
  readonly count: number;
  readonly items: Int32Array;
  readonly bits: Uint8Array;
  readonly depths: Uint8Array;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly w: Float32Array;
  readonly h: Float32Array;
  readonly ends: Int32Array;
  readonly edgeStarts: Int32Array;
  readonly edgeEnds: Int32Array;
  /** The items at the ends of each edge; the group itself stands for its outside. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly tensors: Int32Array;
  readonly carried: Int32Array;
  readonly offsets: Int32Array;
  readonly points: Float32Array;
  /** The box of an item. */
  readonly boxes: ReadonlyMap<Item, number>;
}

/** A laid-out open group, with the frames of those children that are open. */
export interface Frame {
  readonly item: Item;
  readonly layout: LayoutResult;
  readonly edges: GroupEdges;
  readonly sizes: Float32Array;
  readonly inner: readonly (Frame | null)[];
  readonly width: number;
  readonly height: number;
}

/** What frames are made with. */
export interface Workshop {
  readonly tree: GraphTree;
  readonly edges: EdgeCollector;
  isOpen(item: Item): boolean;
  layOut(job: LayoutJob): LayoutResult | Promise<LayoutResult>;
}

/** Lay out an open group and what is open in it, the innermost first. */
export async function frame(workshop: Workshop, item: Item): Promise<Frame> {
  const { tree } = workshop;
  const children = tree.group(item)?.children ?? [];
  const inner = await Promise.all(
    children.map(child => (child < 0 && workshop.isOpen(child) ? frame(workshop, child) : null))
  );
  const sizes = new Float32Array(2 * children.length);
  children.forEach((child, i) => {
    const open = inner[i];
    sizes.set(open ? [balanced(open), open.height] : sizeOf(tree, child), 2 * i);
  });
  const edges = workshop.edges.of(item);
  const pairs = new Int32Array(2 * edges.from.length);
  edges.from.forEach((from, i) => pairs.set([from, edges.to[i] ?? 0], 2 * i));
  const layout = await workshop.layOut({ sizes, edges: pairs });
  const width = Math.max(layout.width, item === ROOT ? 0 : sizeOf(tree, item)[0]) + 2 * MARGIN.side;
  const height = layout.height + HEADER + MARGIN.top + MARGIN.bottom;
  return { item, layout, edges, sizes, inner, width, height };
}

/** Where the edges through an open group run, on average, from its left side. */
function spine({ layout, width }: Frame): number {
  return (width - layout.width) / 2 + (layout.entry + layout.exit) / 2;
}

/** The width of a box around an open group with the spine in its middle, where edges will meet. */
function balanced(open: Frame): number {
  return 2 * Math.max(spine(open), open.width - spine(open));
}

/** How far from the left of that box the group itself stands. */
function leftOf(open: Frame): number {
  return balanced(open) / 2 - spine(open);
}

/** Put frames into one plane. */
export function flatten(root: Frame, tree: GraphTree): Scene {
  const [boxCount, edgeCount, pointCount] = measure(root, tree);
  const scene = {
    count: boxCount,
    items: new Int32Array(boxCount),
    bits: new Uint8Array(boxCount),
    depths: new Uint8Array(boxCount),
    x: new Float32Array(boxCount),
    y: new Float32Array(boxCount),
    w: new Float32Array(boxCount),
    h: new Float32Array(boxCount),
    ends: new Int32Array(boxCount),
    edgeStarts: new Int32Array(boxCount),
    edgeEnds: new Int32Array(boxCount),
    from: new Int32Array(edgeCount),
    to: new Int32Array(edgeCount),
    tensors: new Int32Array(edgeCount),
    carried: new Int32Array(edgeCount),
    offsets: new Int32Array(edgeCount + 1),
    points: new Float32Array(pointCount),
    boxes: new Map<Item, number>()
  };
  let [box, edge, point] = [0, 0, 0];

  const putBox = (item: Item, bits: number, depth: number, spot: readonly number[]) => {
    scene.items[box] = item;
    scene.bits[box] = bits;
    scene.depths[box] = depth;
    [scene.x[box], scene.y[box], scene.w[box], scene.h[box]] = spot as [
      number,
      number,
      number,
      number
    ];
    scene.ends[box] = box + 1;
    scene.boxes.set(item, box);
    return box++;
  };

  const put = (at: Frame, x: number, y: number, depth: number) => {
    const own = putBox(at.item, GROUP | OPEN, depth, [x, y, at.width, at.height]);
    const children = tree.group(at.item)?.children ?? [];
    // A layout narrower than the frame's title stands in its middle.
    const shift = (at.width - at.layout.width) / 2;
    const [left, top] = [x + shift, y + HEADER + MARGIN.top];
    putEdges(at, children, left, top);
    children.forEach((child, i) => {
      const [dx, dy] = [at.layout.places[2 * i] ?? 0, at.layout.places[2 * i + 1] ?? 0];
      const open = at.inner[i];
      if (open) {
        put(open, left + dx + leftOf(open), top + dy, depth + 1);
      } else {
        const [w, h] = [at.sizes[2 * i] ?? 0, at.sizes[2 * i + 1] ?? 0];
        putBox(child, child < 0 ? GROUP : 0, depth + 1, [left + dx, top + dy, w, h]);
      }
    });
    scene.edgeStarts[own] = edgeRanges.get(at)?.[0] ?? 0;
    scene.edgeEnds[own] = edgeRanges.get(at)?.[1] ?? 0;
    scene.ends[own] = box;
  };

  const edgeRanges = new Map<Frame, [number, number]>();
  const putEdges = (at: Frame, children: readonly Item[], left: number, top: number) => {
    const begin = edge;
    const { layout } = at;
    at.edges.from.forEach((from, i) => {
      const to = at.edges.to[i] ?? 0;
      const [start, end] = [layout.offsets[i] ?? 0, layout.offsets[i + 1] ?? 0];
      if (start === end) {
        return;
      }
      const first = point;
      for (let p = start; p < end; p += 2) {
        scene.points[point++] = left + (layout.points[p] ?? 0);
        scene.points[point++] = top + (layout.points[p + 1] ?? 0);
      }
      meetPort(at.inner[from], from, layout, left, first, 'exit');
      meetPort(at.inner[to], to, layout, left, point - 2, 'entry');
      if (from === FROM_OUTSIDE) {
        scene.points[first + 1] = top - MARGIN.top;
      }
      if (to === TO_OUTSIDE) {
        scene.points[point - 1] = top + layout.height + MARGIN.bottom;
      }
      scene.from[edge] = from === FROM_OUTSIDE ? at.item : (children[from] ?? 0);
      scene.to[edge] = to === TO_OUTSIDE ? at.item : (children[to] ?? 0);
      scene.tensors[edge] = at.edges.tensor[i] ?? 0;
      scene.carried[edge] = at.edges.count[i] ?? 0;
      scene.offsets[++edge] = point;
    });
    edgeRanges.set(at, [begin, edge]);
  };

  /** An edge to an open group goes on inside where its layout says. */
  const meetPort = (
    open: Frame | null | undefined,
    place: number,
    layout: LayoutResult,
    left: number,
    at: number,
    side: 'entry' | 'exit'
  ) => {
    if (open) {
      const inset = leftOf(open) + (open.width - open.layout.width) / 2;
      scene.points[at] = left + (layout.places[2 * place] ?? 0) + inset + open.layout[side];
    }
  };

  put(root, 0, 0, 0);
  return scene;
}

function measure(at: Frame, tree: GraphTree): [number, number, number] {
  const { offsets, points } = at.layout;
  let drawn = 0;
  for (let i = 0; i + 1 < offsets.length; i++) {
    drawn += offsets[i] === offsets[i + 1] ? 0 : 1;
  }
  const total: [number, number, number] = [1, drawn, points.length];
  (tree.group(at.item)?.children ?? []).forEach((_, i) => {
    const open = at.inner[i];
    const [boxes, edges, numbers] = open ? measure(open, tree) : [1, 0, 0];
    total[0] += boxes;
    total[1] += edges;
    total[2] += numbers;
  });
  return total;
}

/** The innermost box at a point, or -1 where there is only the root. */
export function boxAt(scene: Scene, x: number, y: number): number {
  let [found, box] = [-1, 1];
  while (box < scene.count) {
    const [left, top] = [scene.x[box] ?? 0, scene.y[box] ?? 0];
    const inside =
      x >= left && y >= top && x <= left + (scene.w[box] ?? 0) && y <= top + (scene.h[box] ?? 0);
    if (inside) {
      found = box;
      box += 1;
    } else {
      box = scene.ends[box] ?? scene.count;
    }
  }
  return found;
}

/** The picture of nothing. */
export const EMPTY_SCENE: Scene = {
  count: 0,
  items: new Int32Array(),
  bits: new Uint8Array(),
  depths: new Uint8Array(),
  x: new Float32Array(),
  y: new Float32Array(),
  w: new Float32Array(),
  h: new Float32Array(),
  ends: new Int32Array(),
  edgeStarts: new Int32Array(),
  edgeEnds: new Int32Array(),
  from: new Int32Array(),
  to: new Int32Array(),
  tensors: new Int32Array(),
  carried: new Int32Array(),
  offsets: new Int32Array(1),
  points: new Float32Array(),
  boxes: new Map()
};
