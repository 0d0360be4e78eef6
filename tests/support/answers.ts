import type { IncomingMessage, OutgoingHttpHeaders, RequestListener, ServerResponse } from 'node:http';

/** An answer as the bridge sent it. One that Node's parser gives by itself, to what is no HTTP, never comes this far. */
export interface Answer {
  readonly method: string;
  /** With the query. */
  readonly url: string;
  /** The body of a request to `.search`, which chooses the attributes of the answer; empty for every other request. */
  readonly search: string;
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
    const search = /\/\.search\/?(\?|$)/i.test(url) ? overhear(request) : [];
    const chunks: Buffer[] = [];
    tap(response, 'write', chunks);
    tap(response, 'end', chunks, () => {
      const body = method === 'HEAD' ? '' : textOf(chunks);
      const { statusCode: status } = response;
      keep({ method, url, search: textOf(search), status, headers: response.getHeaders(), body });
    });
    app(request, response);
  };
}

/** What the app reads of a request, chunk by chunk; a listener of our own would start the stream before the app does. */
function overhear(request: IncomingMessage): readonly Buffer[] {
  const chunks: Buffer[] = [];
  const original = request.emit.bind(request) as (...args: unknown[]) => boolean;
  Object.defineProperty(request, 'emit', {
    configurable: true,
    writable: true,
    value: (...args: unknown[]) => {
      const [event, chunk] = args;
      if (event === 'data' && chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
      return original(...args);
    },
  });
  return chunks;
}

function textOf(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8');
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
