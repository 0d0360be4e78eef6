import { request } from 'node:http';

/** A request exactly as it goes over the wire: no library adds a header, encodes an address or serialises a body. */
export interface WireRequest {
  readonly method: string;
  /** Address below the base, query included, as the client writes it. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON unless it is a string. */
  readonly body?: unknown;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Undefined when the answer has none; the text where it is no JSON. */
  readonly body: unknown;
}

export async function sendOverWire(base: string, { method, path, headers, body }: WireRequest): Promise<WireAnswer> {
  const { hostname, port, pathname } = new URL(base);
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: hostname,
        port,
        method,
        path: `${pathname}${path}`,
        headers: { ...headers, ...(text === undefined ? {} : { 'Content-Length': Buffer.byteLength(text) }) },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: parsed(Buffer.concat(chunks).toString('utf8')),
          }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(text);
  });
}

function parsed(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
