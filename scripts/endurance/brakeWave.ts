import type { Bridge } from './bridge.js';
import type { Client, Exchange, Gate } from './client.js';
import { setActive } from './messages.js';
import type { Model } from './model.js';
import type { Site } from './site.js';
import { Violation } from './violation.js';

/** More people who leave than the brake lets go. */
export interface Wave {
  /** Ids of people with access whom nothing else has touched. */
  readonly leavers: readonly string[];
  /** How many of them the brake is to let go. */
  readonly room: number;
}

const AT_ONCE = 5;
/** What the brake answers with; a bridge that is only busy asks to come back sooner. */
const BRAKE_RETRY_SECONDS = 300;

/**
 * Sets the limit just above what the brake must have counted until now, whatever killed the bridge meanwhile, and sends
 * more deactivations than that leaves room for, killing it once more in the middle of them.
 *
 * @returns how often it was killed
 * @throws Violation when not exactly `room` of the leavers have left
 */
export async function sendWave(
  { leavers, room }: Wave,
  parts: {
    readonly model: Model;
    readonly site: Site;
    readonly bridge: Bridge;
    readonly gate: Gate;
    readonly clientWith: (onExchange: (exchange: Exchange) => void) => Client;
  },
): Promise<number> {
  const { model, site, bridge, gate } = parts;
  const settings = { ACCESS_LOSS_LIMIT: String(model.lostAccess.size + room) };
  const queue = [...leavers];
  let left = 0;
  let kill: Promise<void> | undefined;
  const restart = async (): Promise<void> => {
    gate.close();
    await bridge.kill();
    await bridge.start(settings);
    gate.open();
  };

  const leave = async (id: string): Promise<void> => {
    let isRefused = false;
    const client = parts.clientWith(({ status, retryAfterSeconds }) => {
      isRefused = status === 503 && retryAfterSeconds === BRAKE_RETRY_SECONDS;
    });
    const reply = await client.insist(setActive('okta', id, false), () => isRefused);
    if (reply === undefined) return;
    if (reply.status !== 200) throw new Violation(`A leaver of the wave is answered ${reply.status}.`);
    left += 1;
    model.lostAccess.add(id);
    if (left === Math.ceil(room / 2)) kill = restart();
  };
  const lane = async (): Promise<void> => {
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) await leave(id);
  };

  await bridge.start(settings);
  gate.open();
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  await kill;
  const gone = leavers.filter((id) => site.sandbox.groupsOf(id).length === 0).length;
  if (gone === room && left === room) return kill === undefined ? 0 : 1;
  throw new Violation(
    `The brake had room for ${room} of ${leavers.length} more leavers (limit ${settings.ACCESS_LOSS_LIMIT}); ` +
      `${gone} have left, and ${left} were told so.`,
  );
}
