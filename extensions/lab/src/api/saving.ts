/** Saves that were refused, and what becomes of them. */

import { query, request, send, type Server } from './request.ts';
import type { RefusedSave, RefusedSavePage, Settled, SettleRequest } from './types.ts';

/** What to do with a refused save. */
export type How = SettleRequest['how'];

/** A refused save of a file, the latest where it is not known which; null if there is none. */
export async function findRefused(
  server: Server,
  path: string,
  id: string
): Promise<RefusedSave | null> {
  const page = await request<RefusedSavePage>(server, `refused-saves${query({ path })}`);
  return page.items.find(item => item.id === id) ?? page.items[0] ?? null;
}

/** Bring a refused save back. */
export function settleRefused(server: Server, id: string, how: How): Promise<Settled> {
  return request<Settled>(server, `refused-saves/${id}`, { how });
}

/** Forget a refused save. */
export function forgetRefused(server: Server, id: string): Promise<void> {
  return send(server, `refused-saves/${id}`, 'DELETE');
}
