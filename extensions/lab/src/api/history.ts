/** Versions of a project: saving, comparing, going back. */

import { type Server, addressOf, query, request } from './request.ts';
import type { ChangePage, FileDiff, Merged, Version, VersionPage } from './types.ts';

/** Two sides of a comparison; `folder` is the project's folder as it is now. */
export interface Sides {
  from?: number | null;
  to?: number | null;
  folder?: boolean;
}

/** One page of a project's versions, the newest first. */
export function listVersions(
  server: Server,
  project: string,
  after?: string | null
): Promise<VersionPage> {
  return request(server, `projects/${project}/versions${query({ after })}`);
}

/** Save the project's folder; the newest version if nothing has changed and no message is given. */
export function saveVersion(server: Server, project: string, message: string): Promise<Version> {
  return request(server, `projects/${project}/versions`, { message });
}

/** One page of the files that differ. */
export function listChanges(
  server: Server,
  project: string,
  sides: Sides,
  after?: string | null
): Promise<ChangePage> {
  return request(server, `projects/${project}/diff${query({ ...sides, after })}`);
}

/** How one file differs. */
export function compareFile(
  server: Server,
  project: string,
  sides: Sides,
  path: string,
  oldPath: string | null
): Promise<FileDiff> {
  const values = { ...sides, path, old_path: oldPath };
  return request(server, `projects/${project}/diff/file${query(values)}`);
}

/** Bring back a version, or one file of it; what is there now is saved first. */
export function restoreVersion(
  server: Server,
  project: string,
  version: number,
  path: string | null = null
): Promise<Version> {
  return request(server, `projects/${project}/restores`, { version, path });
}

/** Bring in what the origin of a fork has changed. */
export function pullOrigin(server: Server, project: string): Promise<Merged> {
  return request(server, `projects/${project}/pulls`, {});
}

/** One version; `latest` is the newest. */
export function getVersion(
  server: Server,
  project: string,
  version: number | 'latest'
): Promise<Version> {
  return request(server, `projects/${project}/versions/${version}`);
}

/** Show a version that is held back to everybody who sees the project. */
export function clearVersion(server: Server, project: string, version: number): Promise<Version> {
  return request(server, `projects/${project}/versions/${version}/clearance`, undefined, 'PUT');
}

/** Where a version is downloaded as a zip archive, if need be although it may hold secrets. */
export function archiveAddress(
  server: Server,
  project: string,
  version: number,
  despite = false
): string {
  const values = despite ? { despite_findings: true } : {};
  return addressOf(server, `projects/${project}/versions/${version}/archive${query(values)}`);
}
