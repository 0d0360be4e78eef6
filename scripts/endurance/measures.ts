import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import type { ServeProcess } from './serve.js';

/** What a running bridge takes of its machine at one moment. */
export interface Sample {
  /** Milliseconds since the traffic began. */
  readonly atMs: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly handles: number;
  readonly lagMs: number;
  /** Open files and sockets, without those to Atlassian. */
  readonly files: number;
  /** Connections to Atlassian, idle ones included. */
  readonly upstreamSockets: number;
  /** Of the database and its log; 0 where it is not in files. */
  readonly databaseBytes: number;
  readonly logBytes: number;
}

const PAGE_BYTES = 4096;

/** @param upstreamPort the one port at which Atlassian is reached, and by nobody else */
export async function measure(
  process: ServeProcess,
  upstreamPort: number,
  databaseFile: string | undefined,
): Promise<Omit<Sample, 'atMs'>> {
  const [statm, { files, upstreamSockets }, databaseBytes, logBytes, inside] = await Promise.all([
    readFile(`/proc/${process.pid}/statm`, 'utf8'),
    openIn(process, upstreamPort),
    sizeOf(databaseFile),
    sizeOf(databaseFile && `${databaseFile}-wal`),
    process.ask(),
  ]);
  return {
    ...inside,
    rssBytes: Number(statm.split(' ')[1]) * PAGE_BYTES,
    files,
    upstreamSockets,
    databaseBytes,
    logBytes,
  };
}

/** By its own sockets: what the kernel knows of connections at another moment tells nothing of the files that are open now. */
async function openIn({ pid }: ServeProcess, upstreamPort: number): Promise<Pick<Sample, 'files' | 'upstreamSockets'>> {
  const folder = `/proc/${pid}/fd`;
  // One that was closed meanwhile leads nowhere.
  const links = await Promise.all((await readdir(folder)).map((fd) => readlink(`${folder}/${fd}`).catch(() => '')));
  const open = links.filter((link) => link !== '');
  const upstream = await socketsTo(upstreamPort);
  const upstreamSockets = open.filter((link) => upstream.has(link)).length;
  return { files: open.length - upstreamSockets, upstreamSockets };
}

/** Sockets of this machine that are connected to the port, seen from the side that connected, as links to open files name them. */
async function socketsTo(port: number): Promise<ReadonlySet<string>> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const rows = (await readFile('/proc/net/tcp', 'utf8')).trim().split('\n').slice(1);
  return new Set(
    rows
      .map((row) => row.trim().split(/\s+/))
      .filter(([, , remote = '']) => remote.endsWith(`:${hex}`))
      .map((columns) => `socket:[${columns[9] ?? ''}]`),
  );
}

async function sizeOf(file: string | undefined): Promise<number> {
  if (file === undefined) return 0;
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
