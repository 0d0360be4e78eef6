import type { OutgoingHttpHeaders, RequestListener, ServerResponse } from 'node:http';

/** An answer as the bridge sent it. One that Node's parser gives by itself, to what is no HTTP, never comes this far. */
export interface Answer {
  readonly method: string;
  /** With the query. */
  readonly url: string;
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  /** Empty for HEAD, whatever the handler wrote: Node sends nothing of it. */
  readonly body: string;
}

/** Reports every answer of `app`, also one whose client has hung up. The answer itself is left as it is. */
export function recordAnswers(app: RequestListener, keep: (answer: Answer) => void): RequestListener {
  return (request, response) => {
    // Read now, since Express shortens the address of a request for the routers inside.
    const { method = '', url = '' } = request;
    const chunks: Buffer[] = [];
    tap(response, 'write', chunks);
    tap(response, 'end', chunks, () => {
      const body = method === 'HEAD' ? '' : Buffer.concat(chunks).toString('utf8');
      keep({ method, url, status: response.statusCode, headers: response.getHeaders(), body });
    });
    app(request, response);
  };
}

function tap(response: ServerResponse, name: 'write' | 'end', chunks: Buffer[], then?: () => void): void {
  const original = response[name].bind(response) as (...args: unknown[]) => unknown;
  Object.defineProperty(response, name, {
    configurable: true,
    writable: true,
    value: (...args: unknown[]) => {
      const [chunk] = args;
      if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
      then?.();
      return original(...args);
    },
  });
}
