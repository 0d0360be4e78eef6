import { createServer, type RequestListener, type Server as HttpServer, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as HttpsServer } from 'node:https';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import {
  CONNECTION_LIMITS,
  type ConnectionLimits,
  inOrder,
  limitConnections,
  serverOptions,
} from './connectionLimits.js';
import { EXIT_CODES, ExitError } from './exit.js';
import { httpAddress } from './httpAddress.js';
import type { ServerCertificate } from './tls.js';

/** Older versions can be broken; every client of today speaks this one. */
const MIN_TLS_VERSION = 'TLSv1.2';

/**
 * How long a connection that is kept alive may still bring a request when the server closes. A request that is on its way
 * while its connection is cut is lost, and its client cannot know whether it was done.
 */
const LINGER_MS = 1_000;

type Server = HttpServer | HttpsServer;

/** A server that accepts requests. */
export interface Listening {
  /** With the port that was given when 0 was asked for. */
  readonly url: string;
  /** From now on new connections are shown this certificate. Without effect on a server without TLS. */
  useCertificate(certificate: ServerCertificate): void;
  /**
   * Stops accepting, answers what is under way or still comes on connections that are there, and ends them.
   *
   * @param graceMs how long that may take; then every connection is cut
   * @returns whether all requests were answered in that time. Calling again joins the close that runs.
   */
  close(graceMs: number): Promise<boolean>;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** With it the server speaks TLS, and nothing else. */
  readonly certificate?: ServerCertificate | undefined;
  /** Told of connections that could not be accepted, as when there are too many; the server goes on. */
  readonly onError?: (error: Error) => void;
}

/**
 * Serves an app over HTTP, or over HTTPS.
 *
 * @throws ExitError when the address cannot be listened at
 */
export async function listen(
  app: RequestListener,
  options: ListenOptions,
  limits = CONNECTION_LIMITS,
): Promise<Listening> {
  const { certificate } = options;
  const serve = inOrder(app, limits);
  // By connection, and forgotten with it: an answer that waits behind another one when its client leaves never closes.
  const owed = new WeakMap<Socket, Set<ServerResponse>>();
  const server = createServerFor(certificate, limits, (request, response) => {
    const { socket } = request;
    const onSocket = owed.get(socket) ?? new Set();
    owed.set(socket, onSocket.add(response));
    response.once('close', () => onSocket.delete(response));
    serve(request, response);
  });
  const accepted = socketsOf(server, 'connection');
  const usable = certificate ? socketsOf(server, 'secureConnection') : accepted;
  const answering = (): readonly ServerResponse[] => [...usable].flatMap((socket) => [...(owed.get(socket) ?? [])]);
  const drained = { answering, accepted, usable };
  limitConnections(server, limits);
  await startListening(server, options);
  // Without a listener it would end the process.
  server.on('error', options.onError ?? (() => undefined));

  let closing: Promise<boolean> | undefined;
  const scheme = certificate === undefined ? 'http' : 'https';
  return {
    url: httpAddress(options.host, (server.address() as AddressInfo).port, scheme),
    useCertificate: ({ cert, key }) => {
      if ('setSecureContext' in server) server.setSecureContext({ cert, key, minVersion: MIN_TLS_VERSION });
    },
    close: (graceMs) => (closing ??= drain(server, drained, graceMs)),
  };
}

function createServerFor(
  certificate: ServerCertificate | undefined,
  limits: ConnectionLimits,
  listener: RequestListener,
): Server {
  const options = serverOptions(limits);
  if (certificate === undefined) return createServer(options, listener);
  const { cert, key } = certificate;
  return createTlsServer(
    { ...options, cert, key, minVersion: MIN_TLS_VERSION, handshakeTimeout: limits.headersMs },
    listener,
  );
}

/** @returns those that are open, at any time */
function socketsOf(server: Server, event: 'connection' | 'secureConnection'): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on(event, (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

function startListening(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      reject(new ExitError(listenProblem(error.code, host, port), EXIT_CODES.unavailable, { cause: error }));
    };
    server.once('error', fail);
    server.listen(port, host, () => {
      server.off('error', fail);
      resolve();
    });
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

interface Traffic {
  /** Answers that have not ended. */
  readonly answering: () => readonly ServerResponse[];
  readonly accepted: ReadonlySet<Socket>;
  /** Those of them on which requests may come: all, or with TLS those whose handshake is done. */
  readonly usable: ReadonlySet<Socket>;
}

/**
 * The listener closes at once, so that new clients are refused instead of cut. Connections that are there linger: each
 * answer on them says that its connection ends, and those on which nothing has come by then are closed.
 */
function drain(server: Server, { answering, accepted, usable }: Traffic, graceMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    let drained = true;
    let isLingering = true;
    const closeIdle = (): void => {
      if (!isLingering) server.closeIdleConnections();
    };
    const endConnectionOf = (response: ServerResponse): void => {
      if (!response.headersSent) response.setHeader('Connection', 'close');
      // Only in the next turn does the server count the connection as idle.
      response.once('close', () => setImmediate(closeIdle));
    };
    const lingering = setTimeout(
      () => {
        isLingering = false;
        closeIdle();
        // Opened in advance, as browsers and balancers do, and not idle by Node's count, which begins with a first request.
        for (const socket of usable) if (socket.bytesRead === 0) socket.destroy();
      },
      Math.min(LINGER_MS, graceMs),
    );
    const deadline = setTimeout(() => {
      drained = answering().length === 0;
      for (const socket of accepted) socket.destroy();
    }, graceMs);
    // A request may still arrive on a connection that was accepted before.
    server.prependListener('request', (_request, response: ServerResponse) => endConnectionOf(response));
    for (const response of answering()) endConnectionOf(response);
    // The close of an HTTP server would cut idle connections, and with them the requests that are on their way.
    NetServer.prototype.close.call(server, () => {
      // Ends its look-out for slow requests, too.
      server.close();
      clearTimeout(lingering);
      clearTimeout(deadline);
      resolve(drained);
    });
  });
}
