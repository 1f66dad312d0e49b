/** Graphs of model files. */

import type { GraphDocument } from './documents.ts';
import { type Server, query, request } from './request.ts';

/** The graph of a `.tgm` or `.onnx` file, which another process reads and nobody runs. */
export function getFileGraph(server: Server, path: string): Promise<GraphDocument> {
  return request(server, `graphs${query({ path })}`);
}
