/** Reproductions: running a version again and comparing its outputs. */

import { type Server, request, send } from './request.ts';
import type { ReproductionEntry, ReproductionPage, ReproductionRequest } from './types.ts';

/** The latest reproductions of a project, the newest first. */
export function listReproductions(server: Server, project: string): Promise<ReproductionPage> {
  return request(server, `projects/${project}/reproductions`);
}

/** One reproduction with its report, which lists leave out. */
export function getReproduction(
  server: Server,
  project: string,
  id: string
): Promise<ReproductionEntry> {
  return request(server, `projects/${project}/reproductions/${id}`);
}

/** Run a version again; the run goes on after the answer. */
export function reproduce(
  server: Server,
  project: string,
  body: ReproductionRequest
): Promise<ReproductionEntry> {
  return request(server, `projects/${project}/reproductions`, body);
}

/** Cancel a reproduction, or forget one that has ended. */
export function cancelReproduction(server: Server, project: string, id: string): Promise<void> {
  return send(server, `projects/${project}/reproductions/${id}`, 'DELETE');
}
