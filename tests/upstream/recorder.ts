import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One call and its answer, as they went over the wire. */
export interface Exchange {
  readonly method: string;
  /** As sent, with its query. */
  readonly path: string;
  /** The scheme of the credential; the credential itself is not kept. */
  readonly scheme: string | undefined;
  /** Names in lower case, without `Authorization`. */
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly requestBody: string;
  readonly status: number;
  readonly answerHeaders: Readonly<Record<string, string>>;
  readonly answerBody: string;
}

/** Stands between the client and the sandbox, passes everything on, and keeps it. */
export interface Recorder {
  readonly url: string;
  /** In the order of the answers. */
  readonly exchanges: readonly Exchange[];
  close(): Promise<void>;
}

/** @param target base address of the sandbox */
export async function startRecorder(target: string): Promise<Recorder> {
  const exchanges: Exchange[] = [];
  const server = createServer((request, response) => {
    pass(request, response, target, exchanges).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function pass(
  request: IncomingMessage,
  response: ServerResponse,
  target: string,
  exchanges: Exchange[],
): Promise<void> {
  const { method = '', url: path = '/', headers } = request;
  const requestBody = await textOf(request);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    send(`${target}${path}`, { method, headers, agent: false }, resolve).once('error', reject).end(requestBody);
  });
  const answerBody = await textOf(answer);
  const { authorization, ...others } = headers;
  const status = answer.statusCode ?? 0;
  exchanges.push({
    method,
    path,
    scheme: authorization?.split(' ')[0],
    requestHeaders: flat(others),
    requestBody,
    status,
    answerHeaders: flat(answer.headers),
    answerBody,
  });
  response.writeHead(status, answer.headers).end(answerBody);
}

function flat(headers: IncomingMessage['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

async function textOf(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
