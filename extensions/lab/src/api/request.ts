/** The only place that talks to the server: JSON both ways, failures as `RequestError`. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

/** A refusal of the server, or of the network (status 0); `message` is for people. */
export class RequestError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'RequestError';
    this.status = status;
    this.code = code;
  }
}

/** Where the server is and how to log in to it. */
export type Server = ServerConnection.ISettings;

/** Call `path` under the studio's API and return the JSON of its answer. */
export async function request<T>(server: Server, path: string, body?: object): Promise<T> {
  const url = URLExt.join(server.baseUrl, 'tengen-studio/api', path);
  const init: RequestInit = body ? { method: 'POST', body: JSON.stringify(body) } : {};
  let response: Response;
  try {
    response = await ServerConnection.makeRequest(url, init, server);
  } catch {
    throw new RequestError(0, 'network', 'The server does not answer. Is it still running?');
  }
  const answer: unknown = await response.json().catch(() => undefined);
  if (!response.ok || answer === undefined) {
    const { code, message } = (answer ?? {}) as { code?: string; message?: string };
    throw new RequestError(response.status, code ?? 'unknown', message ?? response.statusText);
  }
  return answer as T;
}
