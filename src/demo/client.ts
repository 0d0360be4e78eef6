/** A SCIM answer as the demo's pretend identity provider reads it. */
export interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A pretend identity provider: SCIM over real HTTP, with a bearer token. */
export type ScimClient = (method: string, path: string, body?: object) => Promise<Reply>;

/** @param baseUrl ends with `/scim/v2` */
export function scimClient(baseUrl: string, token: string): ScimClient {
  return async (method, path, body) => {
    const response = await fetch(`${baseUrl}${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/scim+json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
  };
}
