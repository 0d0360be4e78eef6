import { describe, expect, it } from '@jest/globals';
import type { AuditLine } from '../../src/provisioning/store.js';
import { at, type OpenStore } from './samples.js';

function aLine(changes: Partial<AuditLine> = {}): AuditLine {
  return {
    at: at(),
    caller: 'okta',
    requestId: 'r-1',
    event: 'user.deactivated',
    subject: 'ada',
    object: undefined,
    decision: 'US7',
    result: 'done',
    upstream: [],
    note: undefined,
    ...changes,
  };
}

export function describeTrail(open: OpenStore): void {
  describe('audit', () => {
    it('gives back a line as it was appended [SA10]', async () => {
      const { audit } = await open();
      const line = aLine({
        object: 'g',
        result: 'failed',
        note: 'The group could not be left.',
        upstream: [
          { operation: 'confluence.removeMember', status: 403, durationMs: 12.5 },
          { operation: 'confluence.listMemberships', status: undefined, durationMs: 3 },
        ],
      });
      await audit.append(line);

      expect(await audit.list({ limit: 10 })).toEqual([line]);
    });

    it('lists the newest first, in the order of appending within one instant [SA10]', async () => {
      const { audit } = await open();
      for (const requestId of ['r-1', 'r-2', 'r-3']) await audit.append(aLine({ requestId }));

      const lines = await audit.list({ limit: 2 });

      expect(lines.map(({ requestId }) => requestId)).toEqual(['r-3', 'r-2']);
    });

    it('lists by subject and time', async () => {
      const { audit } = await open();
      await audit.append(aLine({ at: at(1), requestId: 'early' }));
      await audit.append(aLine({ at: at(2), requestId: 'exact' }));
      await audit.append(aLine({ at: at(3), requestId: 'other', subject: 'bob' }));
      const requestIds = async (filter: { sinceIso?: string; subject?: string }) =>
        (await audit.list({ ...filter, limit: 10 })).map(({ requestId }) => requestId);

      expect(await requestIds({ sinceIso: at(2) })).toEqual(['other', 'exact']);
      expect(await requestIds({ subject: 'ada' })).toEqual(['exact', 'early']);
      expect(await requestIds({ subject: 'ada', sinceIso: at(2) })).toEqual(['exact']);
    });
  });

  describe('intents', () => {
    it('count how often the call was sent, from the first caller and start on', async () => {
      const { intents } = await open();
      await intents.begin({ kind: 'invite', key: 'inv-1', caller: 'okta', startedAt: at(1) });
      await intents.begin({ kind: 'invite', key: 'inv-1', caller: 'entra', startedAt: at(2) });

      expect(await intents.find('invite', 'inv-1')).toEqual({
        kind: 'invite',
        key: 'inv-1',
        caller: 'okta',
        startedAt: at(1),
        attempts: 2,
      });
    });

    it('of different kinds do not meet, and end for good', async () => {
      const { intents } = await open();
      await intents.begin({ kind: 'invite', key: 'k', caller: 'okta', startedAt: at(2) });
      await intents.begin({ kind: 'invite', key: 'j', caller: 'okta', startedAt: at(1) });
      await intents.begin({ kind: 'createGroup', key: 'k', caller: 'okta', startedAt: at(1) });

      expect((await intents.list('invite')).map(({ key }) => key)).toEqual(['j', 'k']);
      await intents.end('invite', 'k');
      await intents.end('invite', 'k');
      expect((await intents.list('invite')).map(({ key }) => key)).toEqual(['j']);
      expect(await intents.find('createGroup', 'k')).toMatchObject({ attempts: 1 });
    });
  });
}
