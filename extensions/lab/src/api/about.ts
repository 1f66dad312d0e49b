/** Versions and machine. */

import { type Server, request } from './request.ts';
import type { About } from './types.ts';

/** What is running, and what the machine has. */
export function getAbout(server: Server): Promise<About> {
  return request(server, 'about');
}
