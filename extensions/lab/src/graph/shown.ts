/** A graph as a view shows it, the states of a view, and how it begins. */

import type { GraphDocument } from '../api/documents.ts';
import { GraphEdges } from './edges.ts';
import type { ColourBy } from './colouring.ts';
import { EdgeCollector } from './groupEdges.ts';
import { afterPasses } from './passes.ts';
import type { Scene } from './scene.ts';
import { Search } from './search.ts';
import { GraphTree, type Item } from './tree.ts';

/** A graph after some of its passes, as a tree, and the picture of what is open. */
export interface ShownGraph {
  readonly document: GraphDocument;
  readonly edges: GraphEdges;
  readonly tree: GraphTree;
  readonly collector: EdgeCollector;
  readonly search: Search;
  readonly scene: Scene;
}

/** The four states that a view draws. */
export type GraphState =
  | { kind: 'loading' }
  | { kind: 'empty' }
  | { kind: 'error'; error: unknown }
  | { kind: 'full'; graph: ShownGraph };

/** How a graph is shown when it opens. */
export interface Preferences {
  readonly colourBy: ColourBy;
  readonly foldRepeats: boolean;
}

/** What a view does when the picture changed. */
export interface SceneChange {
  /** The item that should stay where it is on the screen; null: show everything. */
  readonly anchor: Item | null;
}

/** The graph after so many passes; the scene is that of before until there is another. */
export function shownAfter(
  whole: GraphDocument,
  pass: number,
  foldRepeats: boolean,
  scene: Scene
): ShownGraph {
  const document = afterPasses(whole, pass);
  const edges = new GraphEdges(document);
  const tree = new GraphTree(edges, { foldRepeats });
  const collector = new EdgeCollector(tree);
  return { document, edges, tree, collector, search: new Search(tree), scene };
}
