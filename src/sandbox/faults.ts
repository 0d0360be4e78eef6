import type { ReceivedCall } from './calls.js';

export interface CallMatch {
  readonly method?: string;
  /** Tested against the path with its query, as sent. */
  readonly path?: RegExp;
  /** Whatever else decides; asked once for each call that fits the rest. */
  readonly where?: (call: ReceivedCall) => boolean;
}

export interface Fault extends CallMatch {
  /**
   * - `status`       answers `status` and does nothing (the default)
   * - `html`         answers with an HTML page, as Atlassian's edge does
   * - `hang`         does nothing and does not answer; the connection is dropped when the faults are cleared
   * - `reset`        does nothing and drops the connection
   * - `drop-after`   does what was asked, then drops the connection
   * - `error-after`  does what was asked, then answers `status`
   * - `truncated`    does what was asked, then answers half of its JSON, as if that were all
   * - `cut-off`      does what was asked, then drops the connection in the middle of the answer
   */
  readonly kind?: 'status' | 'html' | 'hang' | 'reset' | 'drop-after' | 'error-after' | 'truncated' | 'cut-off';
  /** 500 when absent; 503 for `html`. */
  readonly status?: number;
  /** Sent as JSON unless it is a string; the surface's usual error body when absent. */
  readonly body?: unknown;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Seconds, sent as `Retry-After`. */
  readonly retryAfter?: number;
}

/** What goes wrong next. Of several faults that match a call, the one asked for first strikes. */
export interface Faults {
  /** Strikes the next call that matches, or the next `times`. */
  next(fault: Fault & { readonly times?: number }): void;
  /** Strikes every call that matches. @returns a function that takes the fault away */
  always(fault: Fault): () => void;
  /**
   * Lets a test act when a call arrives, before it is carried out (and before a fault strikes); once, or `times`.
   *
   * @returns a function that takes the hook away
   */
  when(match: CallMatch & { readonly times?: number }, act: (call: ReceivedCall) => void | Promise<void>): () => void;
  /** Takes all faults and hooks away, and drops what hangs. */
  clear(): void;
}

interface Armed<Effect> {
  readonly match: CallMatch;
  readonly effect: Effect;
  left: number;
}

/** Faults as the server sees them. */
export interface FaultSource extends Faults {
  runHooks(call: ReceivedCall): Promise<void>;
  strike(call: ReceivedCall): Fault | undefined;
  /** Resolves when the faults are cleared. */
  cleared(): Promise<void>;
}

export function createFaults(): FaultSource {
  const faults: Armed<Fault>[] = [];
  const hooks: Armed<(call: ReceivedCall) => void | Promise<void>>[] = [];
  const waiting: (() => void)[] = [];

  return {
    next({ times = 1, ...fault }) {
      faults.push({ match: fault, effect: fault, left: times });
    },
    always: (fault) => arm(faults, { match: fault, effect: fault, left: Infinity }),
    when: ({ times = 1, ...match }, act) => arm(hooks, { match, effect: act, left: times }),
    clear() {
      faults.length = 0;
      hooks.length = 0;
      for (const resolve of waiting.splice(0)) resolve();
    },
    async runHooks(call) {
      for (const act of take(hooks, call, Infinity)) await act(call);
    },
    strike: (call) => take(faults, call, 1)[0],
    cleared: () => new Promise((resolve) => waiting.push(resolve)),
  };
}

function arm<Effect>(list: Armed<Effect>[], armed: Armed<Effect>): () => void {
  list.push(armed);
  return () => {
    const index = list.indexOf(armed);
    if (index !== -1) list.splice(index, 1);
  };
}

/** The first `most` effects that match; each loses one of its turns. */
function take<Effect>(list: Armed<Effect>[], call: ReceivedCall, most: number): Effect[] {
  const matching = list.filter(({ match }) => matches(match, call)).slice(0, most);
  for (const armed of matching) {
    armed.left -= 1;
    if (armed.left === 0) list.splice(list.indexOf(armed), 1);
  }
  return matching.map(({ effect }) => effect);
}

function matches({ method, path, where }: CallMatch, call: ReceivedCall): boolean {
  return (
    (method === undefined || method === call.method) &&
    (path === undefined || call.path.search(path) !== -1) &&
    (where === undefined || where(call))
  );
}
