/** Saves that were refused, and what becomes of them. */

import { query, request, send, type Server } from './request.ts';
import type { RefusedSave, RefusedSavePage, Settled, SettleRequest } from './types.ts';

/** What to do with a refused save. */
export type How = SettleRequest['how'];

/** The latest refused save of a file, if there is one. */
export async function latestRefused(server: Server, path: string): Promise<RefusedSave | null> {
  const page = await request<RefusedSavePage>(server, `refused-saves${query({ path })}`);
  return page.items[0] ?? null;
}

/** Bring a refused save back. */
export function settleRefused(server: Server, id: string, how: How): Promise<Settled> {
  return request<Settled>(server, `refused-saves/${id}`, { how });
}

/** Forget a refused save. */
export function forgetRefused(server: Server, id: string): Promise<void> {
  return send(server, `refused-saves/${id}`, 'DELETE');
}
