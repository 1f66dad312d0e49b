/** Kernels: how one that died came to its end. */

import type { DeathPage } from './documents.ts';
import { type Server, request } from './request.ts';

/** How a kernel died, each time that it did, the newest first. */
export function listDeaths(server: Server, kernel: string): Promise<DeathPage> {
  return request(server, `kernels/${kernel}/deaths`);
}
