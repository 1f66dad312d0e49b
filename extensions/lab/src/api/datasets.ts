/** Data sets: registering, looking at them, and those that a project uses. */

import { type Server, query, request, send } from './request.ts';
import type {
  DatasetEntry,
  DatasetPage,
  DatasetRequest,
  Mount,
  MountList,
  Preview
} from './types.ts';

/** One page of the host's data sets, the newest first. */
export function listDatasets(
  server: Server,
  q = '',
  after: string | null = null
): Promise<DatasetPage> {
  return request(server, `datasets${query({ q, after })}`);
}

/** Register a data set; its files are taken in after the answer. */
export function registerDataset(server: Server, body: DatasetRequest): Promise<DatasetEntry> {
  return request(server, 'datasets', body);
}

/** Forget a data set, or cancel one that is being copied. */
export function forgetDataset(server: Server, id: string): Promise<void> {
  return send(server, `datasets/${id}`, 'DELETE');
}

/** The first rows or pictures of a data set. */
export function previewDataset(server: Server, id: string): Promise<Preview> {
  return request(server, `datasets/${id}/preview`);
}

/** The data sets that a project uses. */
export function listMounts(server: Server, project: string): Promise<MountList> {
  return request(server, `projects/${project}/datasets`);
}

/** Put a data set into a project's folder. */
export function mountDataset(server: Server, project: string, dataset: string): Promise<Mount> {
  return request(server, `projects/${project}/datasets`, { dataset_id: dataset });
}

/** Take a data set out of a project's folder. */
export function unmountDataset(server: Server, project: string, name: string): Promise<void> {
  return send(server, `projects/${project}/datasets/${encodeURIComponent(name)}`, 'DELETE');
}
