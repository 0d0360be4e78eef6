import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from '../../scripts/endurance/serve.js';

export { freePort } from '../../scripts/endurance/serve.js';

/** An address that answers only while it is open: an Atlassian that is down, and comes up. */
export interface Gate {
  readonly url: string;
  /** From now on connections reach the site. */
  open(): Promise<void>;
  close(): Promise<void>;
}

/** @param siteUrl where connections go while the gate is open */
export async function createGate(siteUrl: string): Promise<Gate> {
  const { hostname, port: sitePort } = new URL(siteUrl);
  const port = await freePort();
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    async open() {
      const opened = createServer((inner) => {
        const outer = connect(Number(sitePort), hostname);
        for (const socket of [inner, outer]) {
          sockets.add(socket);
          socket.once('close', () => sockets.delete(socket));
          socket.once('error', () => socket.destroy());
        }
        inner.pipe(outer).pipe(inner);
      });
      server = opened;
      await new Promise<void>((resolve) => opened.listen(port, '127.0.0.1', resolve));
    },
    async close() {
      const opened = server;
      if (opened === undefined) return;
      server = undefined;
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => opened.close(() => resolve()));
    },
  };
}
