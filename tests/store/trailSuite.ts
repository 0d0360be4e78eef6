import { describe, expect, it } from '@jest/globals';
import type { AuditLine } from '../../src/provisioning/auditRecords.js';
import type { Store } from '../../src/provisioning/store.js';
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

  describe('audit, read in pages', () => {
    async function pagesOf(
      { audit }: Pick<Store, 'audit'>,
      filter: { sinceIso?: string; pageSize: number },
    ): Promise<string[][]> {
      const pages: string[][] = [];
      for await (const lines of audit.pages(filter)) pages.push(lines.map(({ requestId }) => requestId));
      return pages;
    }

    it('comes in the order of appending, a page at a time, numbered, from a time on', async () => {
      const store = await open();
      for (const n of [1, 2, 3, 4, 5]) await store.audit.append(aLine({ at: at(n), requestId: `r-${n}` }));

      expect(await pagesOf(store, { pageSize: 2 })).toEqual([['r-1', 'r-2'], ['r-3', 'r-4'], ['r-5']]);
      expect(await pagesOf(store, { pageSize: 2, sinceIso: at(4) })).toEqual([['r-4', 'r-5']]);
      expect(await pagesOf(store, { pageSize: 2, sinceIso: at(6) })).toEqual([]);
      for await (const lines of store.audit.pages({ pageSize: 9 }))
        expect(lines.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5]);
    });

    it('ends with what was there when it began', async () => {
      const store = await open();
      for (const requestId of ['r-1', 'r-2']) await store.audit.append(aLine({ requestId }));
      const seen: string[] = [];
      for await (const [line] of store.audit.pages({ pageSize: 1 })) {
        seen.push(line?.requestId ?? '');
        await store.audit.append(aLine({ requestId: 'late' }));
      }

      expect(seen).toEqual(['r-1', 'r-2']);
    });
  });

  describe('audit about people and groups', () => {
    it('lists lines whose subject or object is one of the ids', async () => {
      const { audit } = await open();
      await audit.append(aLine({ requestId: 'subject', subject: 'g' }));
      await audit.append(aLine({ requestId: 'object', subject: 'bob', object: 'g' }));
      await audit.append(aLine({ requestId: 'neither', subject: 'bob' }));

      const about = async (...ids: string[]) =>
        (await audit.list({ about: ids, limit: 10 })).map(({ requestId }) => requestId);
      expect(await about('g')).toEqual(['object', 'subject']);
      expect(await about('bob', 'nobody')).toEqual(['neither', 'object']);
    });

    it('knows the last confirmed write to each membership, of people or of a group', async () => {
      const { audit } = await open();
      const write = (verb: string, subject: string, object: string, changes: Partial<AuditLine> = {}) =>
        audit.append(aLine({ event: `group.member${verb}`, subject, object, ...changes }));
      await write('Added', 'ada', 'g', { at: at(1) });
      await write('Removed', 'ada', 'g', { at: at(2), caller: 'entra' });
      await write('Added', 'ada', 'g', { at: at(3), result: 'failed' });
      await write('Added', 'ada', 'h', { at: at(4) });
      await write('Added', 'bob', 'g', { at: at(5) });

      const adaInG = { personId: 'ada', groupId: 'g', isMember: false, at: at(2), caller: 'entra' };
      const adaInH = { personId: 'ada', groupId: 'h', isMember: true, at: at(4), caller: 'okta' };
      const bobInG = { personId: 'bob', groupId: 'g', isMember: true, at: at(5), caller: 'okta' };
      expect(await audit.lastMembershipWrites({ personIds: ['ada'] })).toEqual([adaInG, adaInH]);
      expect(await audit.lastMembershipWrites({ groupId: 'g' })).toEqual([adaInG, bobInG]);
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

    it('of one kind are forgotten by prune when they were begun before', async () => {
      const { intents } = await open();
      await intents.begin({ kind: 'createUser', key: 'k', caller: 'okta', startedAt: at(1) });
      await intents.begin({ kind: 'createUser', key: 'j', caller: 'okta', startedAt: at(2) });
      await intents.begin({ kind: 'invite', key: 'k', caller: 'okta', startedAt: at(1) });

      await intents.prune('createUser', at(2));

      expect((await intents.list('createUser')).map(({ key }) => key)).toEqual(['j']);
      expect(await intents.list('invite')).toHaveLength(1);
    });
  });
}
