import { readdir, readFile, stat } from 'node:fs/promises';
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
  const [statm, open, upstreamSockets, databaseBytes, logBytes, inside] = await Promise.all([
    readFile(`/proc/${process.pid}/statm`, 'utf8'),
    readdir(`/proc/${process.pid}/fd`),
    socketsTo(upstreamPort),
    sizeOf(databaseFile),
    sizeOf(databaseFile && `${databaseFile}-wal`),
    process.ask(),
  ]);
  return {
    ...inside,
    rssBytes: Number(statm.split(' ')[1]) * PAGE_BYTES,
    files: open.length - upstreamSockets,
    upstreamSockets,
    databaseBytes,
    logBytes,
  };
}

const LISTENING = '0A';
/** The kernel keeps these after the process has closed them. */
const CLOSED = ['04', '05', '06', '09', '0B'];

/** Sockets of this machine that are connected to the port, seen from the side that connected. */
async function socketsTo(port: number): Promise<number> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const rows = (await readFile('/proc/net/tcp', 'utf8')).trim().split('\n').slice(1);
  return rows.filter((row) => {
    const [, , remote = '', state = ''] = row.trim().split(/\s+/);
    return remote.endsWith(`:${hex}`) && state !== LISTENING && !CLOSED.includes(state);
  }).length;
}

async function sizeOf(file: string | undefined): Promise<number> {
  if (file === undefined) return 0;
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
