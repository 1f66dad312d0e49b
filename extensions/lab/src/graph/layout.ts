/** Places the items of one group, from top to bottom, and bends the edges between them. */

import dagre from '@dagrejs/dagre';

/** The group's own ends in a job's edges: what comes from outside, and what goes there. */
export const FROM_OUTSIDE = -1;
export const TO_OUTSIDE = -2;

/** One group to lay out: width and height of each item, and pairs of items that edges join. */
export interface LayoutJob {
  readonly sizes: Float32Array;
  readonly edges: Int32Array;
}

/**
 * Where everything goes, with (0, 0) at the top left.
 *
 * `places` has x and y of each item's top left corner. The bends of edge `i` are the pairs in
 * `points` from `offsets[i]` up to `offsets[i + 1]` (counted in numbers); an edge that need not be
 * drawn has none. Between bends a curve leaves and arrives vertically. `entry` and `exit` are the
 * x at which edges from and to the outside cross the frame.
 */
export interface LayoutResult {
  readonly width: number;
  readonly height: number;
  readonly places: Float32Array;
  readonly points: Float32Array;
  readonly offsets: Int32Array;
  readonly entry: number;
  readonly exit: number;
}

const SPACE = { nodesep: 26, ranksep: 38, edgesep: 14 };
/** From how many unconnected parts on they stand in rows, not side by side. */
const MOST_PARTS = 6;
const PATIENT = 40;

interface Piece {
  readonly width: number;
  readonly height: number;
  readonly items: readonly number[];
  readonly places: ReadonlyMap<number, [number, number]>;
  readonly bends: ReadonlyMap<number, number[]>;
  readonly entry: number;
  readonly exit: number;
}

/** Lay out one group. */
export function layOut(job: LayoutJob): LayoutResult {
  const count = job.sizes.length / 2;
  const parts = components(count, job.edges);
  if (parts.length <= MOST_PARTS) {
    const all = Array.from({ length: count }, (_, i) => i);
    return gather(job, [place(job, all, true)], [[0, 0]]);
  }
  const pieces = parts.map(part => place(job, part, false));
  return gather(job, pieces, shelves(pieces));
}

/** Items that are joined, directly or through others, not counting the outside. */
function components(count: number, edges: Int32Array): number[][] {
  const leader = Int32Array.from({ length: count }, (_, i) => i);
  const find = (item: number): number => {
    let at = item;
    while (leader[at] !== at) {
      at = leader[at] = leader[leader[at] ?? 0] ?? 0;
    }
    return at;
  };
  for (let i = 0; i < edges.length; i += 2) {
    const [from, to] = [edges[i] ?? 0, edges[i + 1] ?? 0];
    if (from >= 0 && to >= 0) {
      leader[find(from)] = find(to);
    }
  }
  const parts = new Map<number, number[]>();
  for (let item = 0; item < count; item++) {
    const head = find(item);
    parts.set(head, [...(parts.get(head) ?? []), item]);
  }
  return [...parts.values()];
}

/** Rows of pieces, about half again as wide as high. */
function shelves(pieces: readonly Piece[]): [number, number][] {
  const gap = SPACE.nodesep;
  const area = pieces.reduce((sum, p) => sum + (p.width + gap) * (p.height + gap), 0);
  const widest = Math.max(...pieces.map(p => p.width), Math.sqrt(area * 1.5));
  let [x, y, row] = [0, 0, 0];
  return pieces.map(piece => {
    if (x > 0 && x + piece.width > widest) {
      [x, y, row] = [0, y + row + gap, 0];
    }
    const spot: [number, number] = [x, y];
    x += piece.width + gap;
    row = Math.max(row, piece.height);
    return spot;
  });
}

function gather(
  job: LayoutJob,
  pieces: readonly Piece[],
  spots: readonly [number, number][]
): LayoutResult {
  const places = new Float32Array(job.sizes.length);
  const edgeCount = job.edges.length / 2;
  const bends: (number[] | undefined)[] = new Array<number[] | undefined>(edgeCount);
  let [width, height] = [0, 0];
  pieces.forEach((piece, p) => {
    const [dx, dy] = spots[p] ?? [0, 0];
    width = Math.max(width, dx + piece.width);
    height = Math.max(height, dy + piece.height);
    for (const [item, [x, y]] of piece.places) {
      places[2 * item] = x + dx;
      places[2 * item + 1] = y + dy;
    }
    for (const [edge, points] of piece.bends) {
      bends[edge] = points.map((value, i) => value + (i % 2 ? dy : dx));
    }
  });
  const offsets = new Int32Array(edgeCount + 1);
  const points: number[] = [];
  for (let edge = 0; edge < edgeCount; edge++) {
    points.push(...(bends[edge] ?? []));
    offsets[edge + 1] = points.length;
  }
  const [only] = pieces;
  const { entry, exit } =
    only && pieces.length === 1 ? only : { entry: width / 2, exit: width / 2 };
  return { width, height, places, points: Float32Array.from(points), offsets, entry, exit };
}

function place(job: LayoutJob, items: readonly number[], ends: boolean): Piece {
  const { sizes, edges } = job;
  const size = (item: number) => ({
    width: sizes[2 * item] ?? 0,
    height: sizes[2 * item + 1] ?? 0
  });
  const [only] = items;
  const touching = ends || items.length > 1 ? edges.length : 0;
  if (only !== undefined && items.length === 1 && touching === 0) {
    const alone = size(only);
    const middle = alone.width / 2;
    const places = new Map<number, [number, number]>([[only, [0, 0]]]);
    return { ...alone, items, places, bends: new Map(), entry: middle, exit: middle };
  }
  const graph = new dagre.graphlib.Graph();
  const ranker = items.length <= PATIENT ? 'network-simplex' : 'tight-tree';
  graph.setGraph({ ...SPACE, rankdir: 'TB', ranker });
  graph.setDefaultEdgeLabel(() => ({}));
  const inside = new Set(items);
  items.forEach(item => graph.setNode(String(item), size(item)));
  const drawn: number[] = [];
  for (let i = 0; i < edges.length; i += 2) {
    const [from, to] = [edges[i] ?? 0, edges[i + 1] ?? 0];
    const known = (end: number) => (end < 0 ? ends : inside.has(end));
    if (known(from) && known(to) && from !== to) {
      addEnds(graph, [from, to]);
      graph.setEdge(String(from), String(to), { weight: from < 0 || to < 0 ? 1 : 2 });
      drawn.push(i / 2);
    }
  }
  holdEnds(graph);
  dagre.layout(graph);
  return read(graph, items, job, drawn);
}

function addEnds(graph: dagre.graphlib.Graph, ends: number[]): void {
  for (const end of ends) {
    if (end < 0 && !graph.hasNode(String(end))) {
      graph.setNode(String(end), { width: 1, height: 1 });
    }
  }
}

/** Keep the outside's entry above and its exit below everything else. */
function holdEnds(graph: dagre.graphlib.Graph): void {
  const [entry, exit] = [String(FROM_OUTSIDE), String(TO_OUTSIDE)];
  for (const name of graph.nodes()) {
    if (name === entry || name === exit) {
      continue;
    }
    if (graph.hasNode(entry) && !graph.predecessors(name)?.length) {
      graph.setEdge(entry, name, { weight: 0 });
    }
    if (graph.hasNode(exit) && !graph.successors(name)?.length) {
      graph.setEdge(name, exit, { weight: 0 });
    }
  }
}

interface Rank {
  top: number;
  bottom: number;
}

function read(
  graph: dagre.graphlib.Graph,
  items: readonly number[],
  job: LayoutJob,
  drawn: readonly number[]
): Piece {
  const { sizes, edges } = job;
  const places = new Map<number, [number, number]>();
  const ranks = new Map<number, Rank>();
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  const reach = (x: number, y: number) => {
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  };
  for (const item of items) {
    const { x, y } = graph.node(String(item));
    const [w, h] = [(sizes[2 * item] ?? 0) / 2, (sizes[2 * item + 1] ?? 0) / 2];
    places.set(item, [x - w, y - h]);
    reach(x - w, y - h);
    reach(x + w, y + h);
    const rank = ranks.get(Math.round(y));
    ranks.set(Math.round(y), {
      top: Math.min(rank?.top ?? Infinity, y - h),
      bottom: Math.max(rank?.bottom ?? -Infinity, y + h)
    });
  }
  const bends = new Map<number, number[]>();
  for (const edge of drawn) {
    const [from, to] = [edges[2 * edge] ?? 0, edges[2 * edge + 1] ?? 0];
    const passed = graph.edge(String(from), String(to)).points as { x: number; y: number }[];
    const points: [number, number, ...number[]] = [...anchor(graph, from, 1)];
    let last = points[1];
    for (const { x, y } of passed.slice(1, -1)) {
      const rank = ranks.get(Math.round(y));
      if (rank) {
        // An edge that closes a cycle runs upwards.
        const [first, second] = y >= last ? [rank.top, rank.bottom] : [rank.bottom, rank.top];
        points.push(x, first, x, second);
        last = second;
        reach(x, rank.top);
      }
    }
    points.push(...anchor(graph, to, -1));
    bends.set(edge, points);
  }
  const xOf = (end: number) =>
    graph.hasNode(String(end)) ? graph.node(String(end)).x - left : (right - left) / 2;
  for (const [item, [x, y]] of places) {
    places.set(item, [x - left, y - top]);
  }
  for (const points of bends.values()) {
    points.forEach((value, i) => (points[i] = value - (i % 2 ? top : left)));
  }
  const [entry, exit] = [xOf(FROM_OUTSIDE), xOf(TO_OUTSIDE)];
  const width = Math.max(right - left, entry, exit);
  return { width, height: bottom - top, items, places, bends, entry, exit };
}

/** Where edges leave (`side` 1, below) or reach (-1, above) an item. */
function anchor(graph: dagre.graphlib.Graph, item: number, side: number): [number, number] {
  const { x, y, height } = graph.node(String(item)) as { x: number; y: number; height: number };
  return [x, y + (side * height) / 2];
}
