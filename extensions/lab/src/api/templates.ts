/** Templates and their copies. */

import { type Server, request } from './request.ts';
import type { Copy, CopyRequest, TemplateList } from './types.ts';

/** The templates on offer. */
export function listTemplates(server: Server): Promise<TemplateList> {
  return request(server, 'templates');
}

/** Copy a template into a folder of the user under a free name. */
export function copyTemplate(server: Server, slug: string, body: CopyRequest): Promise<Copy> {
  return request(server, `templates/${encodeURIComponent(slug)}/copies`, body);
}
