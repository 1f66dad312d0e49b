/** What an item is called and how big its box is, without a canvas. */

import type { GraphSlot, GraphTensor } from '../api/documents.ts';
import { type GraphTree, type Item, ROOT } from './tree.ts';

/** The two lines in an item's box; the second may be "". */
export interface Label {
  readonly title: string;
  readonly subtitle: string;
}

export const TITLE_SIZE = 12;
export const SUBTITLE_SIZE = 10.5;

const LETTER = 6.9;
const STEP = 12;

/** The lines in an item's box. */
export function labelOf(tree: GraphTree, item: Item): Label {
  const group = tree.group(item);
  if (group) {
    const count = String(group.leaves);
    return { title: group.name, subtitle: group.kind ? `${group.kind} · ${count}` : count };
  }
  const node = tree.edges.node(item);
  if (node) {
    const name = tree.name(item);
    return { title: node.op, subtitle: name === node.op ? '' : name };
  }
  const kind = tree.edges.kindOf(item);
  const [made] = tree.edges.made(item);
  const tensor = made ?? tree.edges.handedOut(item);
  return { title: tensor?.name || kind, subtitle: tensor ? shapeText(tensor) : '' };
}

/** What a screen reader is told of an item. */
export function spokenLabel(tree: GraphTree | undefined, item: Item | null): string {
  if (!tree || item === null || item === ROOT) {
    return '';
  }
  const { subtitle, title } = labelOf(tree, item);
  return subtitle ? `${title}, ${subtitle}` : title;
}

/** The width and height of the box of a leaf or a closed group. */
export function sizeOf(tree: GraphTree, item: Item): [number, number] {
  const { title, subtitle } = labelOf(tree, item);
  const group = tree.group(item);
  const badge = group && group.times > 1 ? 4 : 0;
  const letters = Math.max(wide(title) + badge, wide(subtitle) * 0.88);
  const width = Math.max(84, Math.min(264, Math.ceil((letters * LETTER + 28) / STEP) * STEP));
  return [width, group ? 46 : subtitle ? 40 : 28];
}

/** A shape as people write it: "8×64×56×56"; "?" where unknown, "scalar" for no dimension. */
export function shapeText({ shape }: GraphTensor | GraphSlot): string {
  return shape.length ? shape.map(dim => dim ?? '?').join('×') : 'scalar';
}

/** The number of letters, an ideograph counting as two. */
function wide(text: string): number {
  let count = 0;
  for (const letter of text) {
    count += letter > '\u2e7f' ? 2 : 1;
  }
  return count;
}
