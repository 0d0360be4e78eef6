import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How an upstream that repeats whatever it was sent answers. */
export type Echo = 'refusal' | 'outage' | 'html' | 'redirect' | 'truncated' | 'wrong shape' | 'headers';
export const ECHOES: readonly Echo[] = ['refusal', 'outage', 'html', 'redirect', 'truncated', 'wrong shape', 'headers'];

/** Stands in front of a sandbox and, while told to, answers in its place with credential, address and body in the answer. */
export interface EchoingSite {
  readonly url: string;
  /** Answers so from now on; undefined to pass calls on. */
  echo(how: Echo | undefined): void;
  /** How many calls were answered so. */
  readonly echoed: () => number;
  /** Whether somebody followed a redirect. */
  readonly wasFollowed: () => boolean;
  close(): Promise<void>;
}

export async function startEchoingSite(siteUrl: string): Promise<EchoingSite> {
  let how: Echo | undefined;
  let echoed = 0;
  let followed = false;
  const server = createServer((incoming, outgoing) => {
    if (incoming.url?.startsWith('/elsewhere') === true) followed = true;
    if (how === undefined) {
      passOn(siteUrl, incoming, outgoing);
      return;
    }
    const kind = how;
    echoed += 1;
    void bodyOf(incoming).then((body) => answer(kind, incoming, body, outgoing));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    echo: (next) => (how = next),
    echoed: () => echoed,
    wasFollowed: () => followed,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function passOn(siteUrl: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, headers } = incoming;
  const onward = request(`${siteUrl}${incoming.url ?? ''}`, { method, headers }, (reply) => {
    outgoing.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(outgoing);
  });
  onward.once('error', () => outgoing.destroy());
  incoming.pipe(onward);
}

function answer(kind: Echo, { headers, url = '' }: IncomingMessage, body: string, outgoing: ServerResponse): void {
  const authorization = headers.authorization ?? '';
  const decoded = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString();
  const said = `${body} ${decodeURIComponent(url)} ${decoded} ${authorization}`;
  const json = { 'Content-Type': 'application/json' };
  const inHeader = encodeURIComponent(said).slice(0, 4_000);
  const error = JSON.stringify({
    statusCode: 403,
    message: said,
    errorMessages: [said],
    errors: { email: said },
    said,
  });
  const answers: Readonly<Record<Echo, () => void>> = {
    refusal: () => outgoing.writeHead(403, json).end(error),
    outage: () => outgoing.writeHead(500, json).end(error),
    html: () => outgoing.writeHead(502, { 'Content-Type': 'text/html' }).end(`<html><h1>${said}</h1></html>`),
    redirect: () => outgoing.writeHead(302, { Location: `/elsewhere?${inHeader}` }).end(said),
    truncated: () => outgoing.writeHead(200, json).end(error.slice(0, -5)),
    'wrong shape': () => outgoing.writeHead(200, json).end(error),
    headers: () =>
      outgoing
        .writeHead(409, {
          ...json,
          // Headers are Latin 1.
          Warning: `299 - "${said.replace(/[^\x20-\x7e\xa0-\xff]/g, ' ').slice(0, 4_000)}"`,
          'X-Seraph-LoginReason': inHeader,
          'WWW-Authenticate': inHeader,
        })
        .end('{}'),
  };
  answers[kind]();
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
