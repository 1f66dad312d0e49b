/** Sharing a project: members, links, publication. */

import { URLExt } from '@jupyterlab/coreutils';
import { type Server, query, request, send } from './request.ts';
import type {
  LinkPage,
  LinkRequest,
  Member,
  MemberPage,
  NewLink,
  Publication,
  PublicationRequest
} from './types.ts';

/** Everybody with a role. */
export function listMembers(server: Server, project: string): Promise<MemberPage> {
  return request(server, `projects/${project}/members`);
}

/** Give a person a role, by name. */
export function addMember(
  server: Server,
  project: string,
  name: string,
  role: Member['role']
): Promise<Member> {
  return request(server, `projects/${project}/members`, { name, role });
}

/** Give a member another role. */
export function changeRole(
  server: Server,
  project: string,
  member: string,
  role: Member['role']
): Promise<Member> {
  return request(server, `projects/${project}/members/${member}`, { role }, 'PATCH');
}

/** Take a member's role away. */
export function removeMember(server: Server, project: string, member: string): Promise<void> {
  return send(server, `projects/${project}/members/${member}`, 'DELETE');
}

/** One page of the project's links. */
export function listLinks(
  server: Server,
  project: string,
  after?: string | null
): Promise<LinkPage> {
  return request(server, `projects/${project}/links${query({ after })}`);
}

/** Make a link; its token is in this answer only. */
export function makeLink(server: Server, project: string, body: LinkRequest): Promise<NewLink> {
  return request(server, `projects/${project}/links`, body);
}

/** Revoke a link. */
export function revokeLink(server: Server, project: string, link: string): Promise<void> {
  return send(server, `projects/${project}/links/${link}`, 'DELETE');
}

/** Whether everybody may see the project. */
export function getPublication(server: Server, project: string): Promise<Publication> {
  return request(server, `projects/${project}/publication`);
}

/** Publish the project, or take it back. */
export function publish(
  server: Server,
  project: string,
  body: PublicationRequest
): Promise<Publication> {
  return request(server, `projects/${project}/publication`, body, 'PATCH');
}

/** A page's address as it is sent to other people. */
export function pageAddress(server: Server, page: string): string {
  return URLExt.join(server.baseUrl, page);
}
