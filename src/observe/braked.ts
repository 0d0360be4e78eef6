import { type BrakeMetrics, createBrake } from '../provisioning/brake.js';
import type { BrakeLimits } from '../provisioning/brakeLimits.js';
import type { Dependencies } from '../provisioning/dependencies.js';

/** What a command carries a plan out with: the mass-removal brake holds it up like anybody else (rule SA11). */
export function braked(parts: Omit<Dependencies, 'brake'>, limits: BrakeLimits): Dependencies {
  const { directory, roster } = parts;
  const brake = createBrake({
    ...parts,
    limits,
    metrics: UNCOUNTED,
    // Of a group that the plan deletes there is no record any more, so that only Atlassian tells.
    countMembers: async (groupId, call) => {
      const page = await directory.listMembers(groupId, { start: 0, limit: 1, withTotal: true }, call);
      return page.totalSize ?? (await directory.listAllMembers(groupId, call)).length;
    },
    indexReady: (call) => roster.ready(call),
  });
  return { ...parts, brake };
}

/** A command has no metrics; the store keeps what is counted. */
const UNCOUNTED: BrakeMetrics = {
  brakeTripped: () => undefined,
  brakeRefused: () => undefined,
  removalsCounted: () => undefined,
};
