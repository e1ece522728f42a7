/** HTTP to our own API: one function, one error type, the CSRF token, and the server's clock. */

const REQUEST_TIMEOUT_MS = 15_000;

let csrfToken = '';
let clockOffsetMs = 0;
let onSignedOut: () => void = () => {};

/** Any refusal by the API, or `network` / `timeout` when it did not answer. `code` is translated by the screens. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly data: Record<string, unknown> = {},
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

export function setCsrfToken(token: string): void {
  csrfToken = token;
}

/** Called when a request is refused because the session is over. */
export function whenSignedOut(callback: () => void): void {
  onSignedOut = callback;
}

/** Milliseconds since the epoch by the server's clock: timers must not depend on a wrong clock at the desk. */
export function serverNow(): number {
  return Date.now() + clockOffsetMs;
}

export async function api<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await send(method, path, body);
  if (response.status === 204) return undefined as T;
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return answer as T;
  const problem = asProblem(answer);
  if (response.status === 401 && !(method === 'POST' && path === '/session')) onSignedOut();
  throw new ApiError(response.status, problem.code, problem.message, problem.data);
}

export const get = <T>(path: string) => api<T>('GET', path);
export const post = <T = void>(path: string, body?: unknown) => api<T>('POST', path, body);
export const put = <T = void>(path: string, body?: unknown) => api<T>('PUT', path, body);
export const patch = <T = void>(path: string, body?: unknown) => api<T>('PATCH', path, body);
export const del = <T = void>(path: string) => api<T>('DELETE', path);

/** `?a=1&b=2` of the values that are set. */
export function query(values: Record<string, string | number | null | undefined>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== null && value !== '') params.set(name, String(value));
  }
  const text = params.toString();
  return text ? `?${text}` : '';
}

async function send(method: string, path: string, body: unknown): Promise<Response> {
  const headers: Record<string, string> = {
    Accept: 'application/json',
    'Accept-Language': document.documentElement.lang || 'es',
  };
  if (method !== 'GET') headers['X-CSRF-Token'] = csrfToken;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  try {
    const response = await fetch(`/api/v1${path}`, {
      method,
      headers,
      credentials: 'same-origin',
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    readClock(response);
    return response;
  } catch (error) {
    const late = error instanceof DOMException && error.name === 'TimeoutError';
    throw new ApiError(0, late ? 'timeout' : 'network', String(error));
  }
}

function readClock(response: Response): void {
  const date = Date.parse(response.headers.get('Date') ?? '');
  if (Number.isNaN(date)) return;
  const offset = date + 500 - Date.now(); // the header is cut to whole seconds: half of one is the best guess
  clockOffsetMs = Math.abs(offset) > 2_000 ? offset : 0;
}

function asProblem(answer: unknown): { code: string; message: string; data: Record<string, unknown> } {
  const error = (answer as { error?: { code?: string; message?: string; data?: Record<string, unknown> } } | null)
    ?.error;
  return { code: error?.code ?? 'error', message: error?.message ?? '', data: error?.data ?? {} };
}
