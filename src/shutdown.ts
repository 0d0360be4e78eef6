import { constants } from 'node:os';

/** Shells report a process that a signal ended as 128 and the signal's number. */
const SIGNAL_EXIT_BASE = 128;

/**
 * Runs `stop` at the first of the signals. The process is expected to end by itself when `stop` has closed everything; a
 * second signal, from somebody who does not want to wait, ends it at once.
 *
 * @returns takes the handlers away again
 */
export function onShutdown(signals: readonly NodeJS.Signals[], stop: (signal: NodeJS.Signals) => void): () => void {
  let isStopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(SIGNAL_EXIT_BASE + constants.signals[signal]);
    isStopping = true;
    stop(signal);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}

/**
 * Takes each step, also when one before it failed. For the way out after a failure, which nothing that fails on the way
 * may hide: it goes to `onFailure`.
 */
export async function letGo(
  steps: readonly (() => Promise<unknown>)[],
  onFailure: (error: unknown) => void,
): Promise<void> {
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      onFailure(error);
    }
  }
}

/** Takes over every SIGHUP, and makes up at once for those that came before. */
export type HangupHandler = (reload: () => void) => void;

/**
 * From now on SIGHUP does not end the process: what came before there is something that can reload is remembered. Where that
 * never comes, since the start fails, it is forgotten.
 */
export function holdHangups(): HangupHandler {
  let isOwed = false;
  let onHangup = (): void => {
    isOwed = true;
  };
  process.on('SIGHUP', () => onHangup());
  return (reload) => {
    onHangup = reload;
    if (isOwed) reload();
  };
}
