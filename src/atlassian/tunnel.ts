import { request as requestPlain } from 'node:http';
import { Agent, request as requestTls, type AgentOptions, type RequestOptions } from 'node:https';
import { isIP, isIPv6, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A proxy that leads to Atlassian. */
export interface Proxy {
  /** `http:` or `https:`, without a slash at its end. */
  readonly origin: string;
  /** `Proxy-Authorization`, where it wants one. */
  readonly authorization: string | undefined;
}

/** `code` of the error when the proxy answers, and does not let us through. */
export const PROXY_REFUSED = 'EPROXYREFUSED';

const CONNECT_TIMEOUT_MS = 20_000;

/**
 * Connections to https hosts through a proxy (CONNECT, RFC 9110 §9.3.6). TLS is spoken with the host itself, so the proxy
 * sees its name and nothing else. Whatever else than 200 the proxy answers is an error of the connection: handed on as if
 * the host had said it, a proxy could tell the bridge what was done.
 */
export class TunnelAgent extends Agent {
  readonly #proxy: Proxy;

  constructor(proxy: Proxy, options: AgentOptions) {
    super(options);
    this.#proxy = proxy;
  }

  override createConnection(
    options: RequestOptions,
    callback: (error: Error | null, stream: Duplex) => void = () => undefined,
  ): undefined {
    const { origin, authorization } = this.#proxy;
    const host = String(options.host);
    const target = `${isIPv6(host) ? `[${host}]` : host}:${String(options.port)}`;
    const request = origin.startsWith('https:') ? requestTls : requestPlain;
    const asked = request(origin, {
      method: 'CONNECT',
      path: target,
      headers: { Host: target, ...(authorization === undefined ? {} : { 'Proxy-Authorization': authorization }) },
      agent: false,
      // Of a proxy that speaks TLS itself. Node would take the name in the header, which is the host behind it.
      servername: serverName(new URL(origin).hostname),
      timeout: CONNECT_TIMEOUT_MS,
    });
    const fail = (error: Error): void => callback(error, asked.socket ?? new Socket());
    asked.once('error', fail);
    asked.once('timeout', () => asked.destroy(new Error('The proxy does not answer')));
    asked.once('connect', (answer, socket) => {
      socket.setTimeout(0);
      if (answer.statusCode === 200) {
        const through = { ...options, socket };
        callback(null, super.createConnection(through) ?? socket);
        return;
      }
      socket.destroy();
      fail(Object.assign(new Error('The proxy refuses'), { code: PROXY_REFUSED }));
    });
    asked.end();
    return undefined;
  }
}

/** What to ask a certificate for; addresses are not asked for by name. */
function serverName(hostname: string): string {
  return isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? hostname : '';
}
