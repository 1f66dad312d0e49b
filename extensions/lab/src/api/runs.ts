/** Runs of cells, as the server has followed them. */

import { query, request, send, type Server } from './request.ts';
import type { RunList, SettledRunsRequest } from './types.ts';

/** The last run of each cell of a kernel that is not settled. */
export function listRuns(server: Server, kernel: string): Promise<RunList> {
  return request<RunList>(server, `runs${query({ kernel })}`);
}

/** Have the server forget runs whose outputs are saved. */
export function settleRuns(server: Server, settled: SettledRunsRequest): Promise<void> {
  return send(server, 'runs', 'POST', settled);
}
