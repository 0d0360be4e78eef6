import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { CONNECTION_LIMITS, inOrder, limitConnections, serverOptions } from './connectionLimits.js';
import { EXIT_CODES, ExitError } from './exit.js';
import { httpAddress } from './httpAddress.js';

/** A server that accepts requests. */
export interface Listening {
  /** With the port that was given when 0 was asked for. */
  readonly url: string;
  /**
   * Stops accepting, lets the requests that are under way finish, and closes their connections.
   *
   * @param graceMs how long they may take; then every connection is cut
   * @returns whether all requests were answered in that time. Calling again joins the close that runs.
   */
  close(graceMs: number): Promise<boolean>;
}

/**
 * Serves an app over HTTP.
 *
 * @param address port 0 takes any free one
 * @throws ExitError when the address cannot be listened at
 */
export async function listen(
  app: RequestListener,
  address: { host: string; port: number },
  limits = CONNECTION_LIMITS,
): Promise<Listening> {
  const serve = inOrder(app, limits);
  const connections = new Set<Socket>();
  const answering = new Set<ServerResponse>();
  const server = createServer(serverOptions(limits), (request, response) => {
    answering.add(response);
    response.once('close', () => answering.delete(response));
    serve(request, response);
  });
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  limitConnections(server, limits);
  await startListening(server, address);

  let closing: Promise<boolean> | undefined;
  return {
    url: httpAddress(address.host, (server.address() as AddressInfo).port),
    close: (graceMs) => (closing ??= drain(server, connections, answering, graceMs)),
  };
}

function startListening(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new ExitError(listenProblem(error.code, host, port), EXIT_CODES.unavailable, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
}

function listenProblem(code = 'an unknown error', host: string, port: number): string {
  const place = `${host}, port ${port}`;
  if (code === 'EADDRINUSE') {
    return `Something else listens at ${place} already, perhaps another bridge. Stop it, or set PORT to a free one.`;
  }
  if (code === 'EACCES') return `This user may not listen at ${place}. Set PORT to one above 1023.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return `This machine has no address ${host}. Set HOST to one of its own, or to 0.0.0.0 for all.`;
  }
  return `The bridge cannot listen at ${place} (${code}). Check HOST and PORT.`;
}

/**
 * `server.close()` alone waits for kept-alive connections that fall idle after it; each answer under way therefore tells
 * its client that the connection ends, and idle ones are closed whenever an answer is done.
 */
function drain(
  server: Server,
  connections: ReadonlySet<Socket>,
  answering: ReadonlySet<ServerResponse>,
  graceMs: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    let drained = true;
    const deadline = setTimeout(() => {
      drained = answering.size === 0;
      server.closeAllConnections();
    }, graceMs);
    server.close(() => {
      clearTimeout(deadline);
      resolve(drained);
    });
    // A request may still arrive on a connection that was accepted before.
    server.prependListener('request', (_request, response: ServerResponse) => endConnectionOf(server, response));
    for (const response of answering) endConnectionOf(server, response);
    server.closeIdleConnections();
    // Opened in advance, as browsers and balancers do, and not idle by Node's count, which begins with a first request.
    for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
  });
}

function endConnectionOf(server: Server, response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
  // Only in the next turn does the server count the connection as idle.
  response.once('close', () => setImmediate(() => server.closeIdleConnections()));
}
