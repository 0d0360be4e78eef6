import { randomUUID } from 'node:crypto';

/** Atlassian's families of endpoints; each has error bodies of its own. */
export type Surface = 'confluence v1' | 'confluence v2' | 'jira' | 'organization' | 'gateway' | 'site';

/** What a route throws to refuse a call; the server words it in the way of the route's surface. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly details: {
      /** Organizations and Confluence v2: the code of the error, for example `ADMIN-404-8`. */
      readonly code?: string;
      readonly headers?: Readonly<Record<string, string>>;
      /** Sent instead of the surface's own body. */
      readonly body?: unknown;
    } = {},
  ) {
    super(message);
  }
}

/** Headers that Atlassian adds to a refusal for lack of scope at the gateway. */
export const SCOPE_MISMATCH = {
  body: { code: 401, message: 'Unauthorized; scope does not match' },
  headers: { 'X-Failure-Category': 'FAILURE_CLIENT_SCOPE_CHECK' },
} as const;

/** Confluence's 500 when the identity platform refuses a membership, above all for lack of a seat (CONFCLOUD-84635). */
export const HYSTRIX_MESSAGE =
  'com.netflix.hystrix.exception.HystrixRuntimeException: AddUserToGroupsIdentityPlatformCommand failed and no fallback available.';

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** The JSON body in which a surface reports an error. */
export function errorBody(surface: Surface, status: number, message: string, code?: string): unknown {
  const reason = REASONS[status] ?? 'Error';
  switch (surface) {
    case 'confluence v1':
      return {
        statusCode: status,
        data: { authorized: status !== 403, valid: status !== 400, errors: [], successful: false },
        message,
        reason,
      };
    case 'confluence v2':
      return {
        errors: [{ status, code: code ?? reason.toUpperCase().replaceAll(' ', '_'), title: message, detail: null }],
      };
    case 'jira':
      return { errorMessages: [message], errors: {} };
    case 'organization':
      return {
        errors: [
          {
            id: randomUUID(),
            status: String(status),
            code: code ?? `ADMIN-${status}-1`,
            title: reason,
            detail: message,
          },
        ],
      };
    case 'gateway':
      return { code: status, message };
    case 'site':
      return { message, statusCode: status };
  }
}

/** What Atlassian's edge sends when no application answers. */
export function htmlPage(status: number): string {
  const title = `${status} ${REASONS[status] ?? 'Error'}`;
  return `<!DOCTYPE html><html><head><title>${title}</title></head><body><h1>${title}</h1><p>Atlassian Cloud sandbox.</p></body></html>`;
}
