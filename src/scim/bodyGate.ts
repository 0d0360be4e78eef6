import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import type { Clock } from '../provisioning/call.js';
import { Failure } from '../provisioning/failure.js';
import { endsInTime } from '../provisioning/waiting.js';
import { answerFailure } from './answers.js';

/**
 * The largest body: 50,000 members of 56 bytes each (`{"value":"712020:<36 characters>"},`) take 2.8 MB, and a PATCH
 * with an operation for each of 40,000 takes 4 MB.
 */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** Bodies up to this size are what nearly every message has, and are never kept waiting. */
const SMALL_BYTES = 256 * 1024;
/** Of large bodies at once. One of 4 MB takes some 50 MB until it is answered. */
const AT_ONCE_BYTES = 16 * 1024 * 1024;
const LONGEST_WAIT_MS = 5_000;
const RETRY_AFTER_SECONDS = 10;

/** Keeps large bodies waiting in front of what reads them, so that a burst of them costs neither memory nor everybody's time. */
export interface BodyGate {
  /**
   * Lets a request go on at once, when its turn comes, or answers 503 with `Retry-After`. A body of a size that is not
   * known before it was read (chunked, compressed) counts as the largest. First come, first served.
   */
  readonly admit: RequestHandler;
  /** Told what a body really holds, once it was read; a small one no longer counts. */
  readonly noteSize: (request: IncomingMessage, bytes: number) => void;
}

interface Turn {
  readonly bytes: number;
  readonly begin: () => void;
  hasBegun: boolean;
}

/** @param stopping aborts when the process stops */
export function createBodyGate(clock: Clock, stopping: AbortSignal): BodyGate {
  const waiting = new Set<Turn>();
  const ends = new WeakMap<IncomingMessage, () => void>();
  let inUseBytes = 0;

  function beginNext(): void {
    for (const turn of waiting) {
      if (inUseBytes + turn.bytes > AT_ONCE_BYTES) return;
      waiting.delete(turn);
      inUseBytes += turn.bytes;
      turn.hasBegun = true;
      turn.begin();
    }
  }

  function end(turn: Turn): void {
    if (turn.hasBegun) inUseBytes -= turn.bytes;
    else waiting.delete(turn);
    beginNext();
  }

  return {
    async admit(request, response, next) {
      const bytes = countedBytes(request);
      // One that is too large is refused by its declared size, unread.
      if (bytes <= SMALL_BYTES || bytes > MAX_BODY_BYTES) {
        next();
        return;
      }
      let begin = (): void => undefined;
      const begun = new Promise<void>((resolve) => (begin = resolve));
      const turn: Turn = { bytes, begin, hasBegun: false };
      const endOnce = once(() => end(turn));
      ends.set(request, endOnce);
      // What was read of a body is in use until its request is answered, or its client gone.
      response.once('close', endOnce);
      waiting.add(turn);
      beginNext();
      if (turn.hasBegun || (await endsInTime(begun, clock.now() + LONGEST_WAIT_MS, stopping, clock))) {
        next();
        return;
      }
      endOnce();
      answerFailure(response, busy());
    },
    noteSize(request, bytes) {
      if (bytes <= SMALL_BYTES) ends.get(request)?.();
    },
  };
}

function countedBytes({ headers }: IncomingMessage): number {
  if (headers['transfer-encoding'] !== undefined) return MAX_BODY_BYTES;
  const declared = Number(headers['content-length'] ?? 0);
  return declared > 0 && headers['content-encoding'] !== undefined ? MAX_BODY_BYTES : declared;
}

function busy(): Failure {
  return new Failure(
    'unavailable',
    'The bridge has several large messages in work already. Send the same message again later.',
    { retryAfterSeconds: RETRY_AFTER_SECONDS },
  );
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    work();
  };
}
