/** Projects: listing, making, changing, the trash. */

import { type Server, query, request, send } from './request.ts';
import type {
  ChangeRequest,
  ForkRequest,
  NewProject,
  Project,
  ProjectPage,
  ProjectRequest,
  TagList
} from './types.ts';

/** Which projects are asked for. */
export interface ProjectFilter {
  q?: string;
  tag?: string;
  state?: 'active' | 'archived' | 'trashed';
  after?: string | null;
  limit?: number;
}

/** One page of the asker's projects, the latest changed first. */
export function listProjects(server: Server, filter: ProjectFilter = {}): Promise<ProjectPage> {
  return request(server, `projects${query({ ...filter })}`);
}

/** The tags of the asker's projects. */
export function listTags(server: Server): Promise<TagList> {
  return request(server, 'tags');
}

/** One project. */
export function getProject(server: Server, id: string): Promise<Project> {
  return request(server, `projects/${id}`);
}

/** Make a project. */
export function makeProject(server: Server, body: ProjectRequest): Promise<NewProject> {
  return request(server, 'projects', body);
}

/** Make a project of a zip archive. */
export function importProject(
  server: Server,
  archive: Blob,
  name: string,
  directory: string
): Promise<NewProject> {
  return request(server, `imports${query({ name, directory })}`, archive);
}

/** Change a project; what is left out stays. */
export function changeProject(server: Server, id: string, body: ChangeRequest): Promise<Project> {
  return request(server, `projects/${id}`, body, 'PATCH');
}

/** Make a project of a version of another. */
export function forkProject(server: Server, id: string, body: ForkRequest): Promise<NewProject> {
  return request(server, `projects/${id}/forks`, body);
}

/** Put a project into the trash. */
export function trashProject(server: Server, id: string): Promise<Project> {
  return request(server, `projects/${id}/trash`, undefined, 'PUT');
}

/** Take a project out of the trash. */
export function untrashProject(server: Server, id: string): Promise<Project> {
  return request(server, `projects/${id}/trash`, undefined, 'DELETE');
}

/** Delete a project that is in the trash for good. */
export function deleteProject(server: Server, id: string): Promise<void> {
  return send(server, `projects/${id}`, 'DELETE');
}
