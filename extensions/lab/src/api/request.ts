/** The only place that talks to the server: JSON both ways, failures as `RequestError`. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { RequestError } from './refusal.ts';

/** Where the server is and how to log in to it. */
export type Server = ServerConnection.ISettings;

/** What a request sends: JSON, or a file as it is. */
export type Body = object | Blob;

/** Call `path` under the studio's API (POST if there is a body) and return the JSON it gives. */
export async function request<T>(
  server: Server,
  path: string,
  body?: Body,
  method = body ? 'POST' : 'GET'
): Promise<T> {
  const response = await call(server, path, body, method);
  const answer: unknown = await response.json().catch(() => undefined);
  if (!response.ok || answer === undefined) {
    throw refusal(response, answer);
  }
  return answer as T;
}

/** Call `path` with a method whose answer is empty. */
export async function send(
  server: Server,
  path: string,
  method: string,
  body?: Body
): Promise<void> {
  const response = await call(server, path, body, method);
  if (!response.ok) {
    throw refusal(response, await response.json().catch(() => undefined));
  }
}

/** The part of an address after "?", of the values that are there. */
export function query(
  values: Record<string, string | number | boolean | null | undefined>
): string {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== '') {
      found.set(name, String(value));
    }
  }
  const text = found.toString();
  return text ? `?${text}` : '';
}

/** The address of a download under the studio's API. */
export function addressOf(server: Server, path: string): string {
  return URLExt.join(server.baseUrl, 'tengen-studio/api', path);
}

async function call(
  server: Server,
  path: string,
  body: Body | undefined,
  method: string
): Promise<Response> {
  // JupyterLab would otherwise add the time to the address, and the server refuses what it does
  // not know. Nothing is kept between requests either way: the answers say no-store.
  const init: RequestInit = { method, cache: 'no-cache' };
  if (body instanceof Blob) {
    init.body = body;
    init.headers = { 'Content-Type': 'application/zip' };
  } else if (body) {
    init.body = JSON.stringify(body);
  }
  try {
    return await ServerConnection.makeRequest(addressOf(server, path), init, server);
  } catch {
    throw new RequestError(0, 'network', 'The server does not answer. Is it still running?');
  }
}

function refusal(response: Response, answer: unknown): RequestError {
  const { code, message } = (answer ?? {}) as { code?: string; message?: string };
  return new RequestError(response.status, code ?? 'unknown', message ?? response.statusText);
}
