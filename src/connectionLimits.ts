import type { IncomingMessage, RequestListener, Server, ServerOptions, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What one client may take of the server before anything is known of it. */
export interface ConnectionLimits {
  /** Open at once; a further one is closed. Far more than the pool of any proxy, and fewer than files may be open. */
  readonly connections: number;
  /** For the headers of a request to arrive, and for all of it. */
  readonly headersMs: number;
  readonly requestMs: number;
  /** From the headers of a request to the last byte of its answer being taken: reading slowly keeps nothing for ever. */
  readonly exchangeMs: number;
  /** How long a connection may be idle between requests. */
  readonly keepAliveMs: number;
  /** How often it is looked whether a request is late. */
  readonly checkEveryMs: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  connections: 1_000,
  headersMs: 20_000,
  requestMs: 60_000,
  // The largest REQUEST_BUDGET_SECONDS, after a body that took as long as it may.
  exchangeMs: 360_000,
  // Proxies keep idle connections for 60 s by default. One that we close first can meet the proxy's next request: a 502.
  keepAliveMs: 65_000,
  checkEveryMs: 5_000,
};

/**
 * Of a request's first line and headers together. A filter of the most characters that is read fits in, all of them
 * percent-encoded UTF-8, with what else a request carries.
 */
const MAX_HEADER_BYTES = 64 * 1024;
const MAX_HEADERS = 200;
/** Requests that wait on one connection for the answer to the one before. Clients that send ahead send a few. */
const MAX_PIPELINED = 50;

export function serverOptions({ checkEveryMs }: ConnectionLimits): ServerOptions {
  return { maxHeaderSize: MAX_HEADER_BYTES, connectionsCheckingInterval: checkEveryMs };
}

export function limitConnections(server: Server, limits: ConnectionLimits): void {
  server.maxConnections = limits.connections;
  server.headersTimeout = limits.headersMs;
  server.requestTimeout = limits.requestMs;
  server.keepAliveTimeout = limits.keepAliveMs;
  // Node drops further ones in silence. One more than are allowed shows that there are more.
  server.maxHeadersCount = MAX_HEADERS + 1;
}

/**
 * Lets an app see the requests of one connection one after the other, whatever a client sends ahead: as their answers go
 * out (RFC 9112 §9.3.2), and so that a packet of five hundred requests holds nobody up. One with too many headers is
 * refused before it.
 */
export function inOrder(app: RequestListener, { exchangeMs }: ConnectionLimits): RequestListener {
  const waiting = new WeakMap<Socket, (() => void)[]>();

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const timer = setTimeout(() => socket.destroy(), exchangeMs);
    response.once('close', () => {
      clearTimeout(timer);
      const next = waiting.get(socket)?.shift();
      if (next === undefined) waiting.delete(socket);
      // In a turn of its own: answers that are there at once would keep the others waiting for all of them.
      else setImmediate(next);
    });
    if (request.rawHeaders.length > 2 * MAX_HEADERS) refuseHeaders(response);
    else app(request, response);
  }

  return (request, response) => {
    const { socket } = request;
    if (!socket.writable) return;
    const queue = waiting.get(socket);
    if (queue === undefined) {
      waiting.set(socket, []);
      serve(request, response);
    } else if (queue.length < MAX_PIPELINED) {
      queue.push(() => {
        if (socket.writable) serve(request, response);
      });
    } else socket.destroy();
  };
}

/** As Node's parser refuses a head that is too long: outside SCIM, and the connection ends. */
function refuseHeaders(response: ServerResponse): void {
  response.writeHead(431, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' });
  response.end(`The request has more than ${MAX_HEADERS} headers. Send fewer.\n`);
}
