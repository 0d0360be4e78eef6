import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** One request as it came, with the connection it came on. */
export interface EvilRequest {
  /** The request line and the headers, as they were written. */
  readonly head: string;
  /** All of it, as it was written. */
  readonly bytes: string;
  /** `GET /path?query` */
  readonly target: string;
  readonly socket: Socket;
}

/** An Atlassian that speaks bytes: for answers that no HTTP library would let a test give. */
export interface EvilUpstream {
  readonly url: string;
  readonly requests: EvilRequest[];
  answer: (request: EvilRequest) => unknown;
  close(): Promise<void>;
}

export async function startEvilUpstream(): Promise<EvilUpstream> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    readRequests(socket, (request) => {
      upstream.requests.push(request);
      upstream.answer(request);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const upstream: EvilUpstream = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    answer: ({ socket }) => socket.destroy(),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return upstream;
}

function readRequests(socket: Socket, take: (request: EvilRequest) => void): void {
  let text = '';
  socket.on('data', (data) => {
    text += data.toString('latin1');
    for (;;) {
      const headEnd = text.indexOf('\r\n\r\n');
      if (headEnd === -1) return;
      const head = text.slice(0, headEnd);
      const bodyBytes = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
      if (text.length < headEnd + 4 + bodyBytes) return;
      const bytes = text.slice(0, headEnd + 4 + bodyBytes);
      text = text.slice(bytes.length);
      take({ head, bytes, target: head.slice(0, head.lastIndexOf(' HTTP/1.1', head.indexOf('\r\n'))), socket });
    }
  });
}

export const JSON_HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';

/** An answer as it should be. */
export function json(body: unknown): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return `${JSON_HEAD}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

/** Writes as fast as the other side reads. @returns the bytes that the connection took until it was closed, at most `most` */
export async function pour(socket: Socket, chunk: Buffer, most: number): Promise<number> {
  let taken = 0;
  const closed = once(socket, 'close');
  while (!socket.destroyed && taken < most) {
    taken += chunk.length;
    if (!socket.write(chunk)) await Promise.race([once(socket, 'drain'), closed]).catch(() => undefined);
  }
  return taken;
}

/** Passes a request on to a true upstream, and its answer back. */
export function passOn({ bytes, socket }: EvilRequest, url: string): void {
  const { hostname, port } = new URL(url);
  const onward = connect({ host: hostname, port: Number(port) });
  onward.on('error', () => socket.destroy());
  onward.pipe(socket, { end: false });
  socket.once('close', () => onward.destroy());
  onward.write(bytes, 'latin1');
}
