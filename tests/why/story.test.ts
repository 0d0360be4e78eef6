import { describe, expect, it } from '@jest/globals';
import { operations } from '../support/bridge.js';
import { ADA, createGroup } from '../provisioning/userSite.js';
import { startWhy } from './site.js';

describe('why, after access was given back by hand', () => {
  it('tells the story in order, with who, rule, result and calls, and names the span of what was not this bridge [SA10]', async () => {
    const site = await startWhy();
    const { id } = await site.created();
    const groupId = await createGroup(site, 'engineering', id);
    site.later();
    await site.state(id, false);
    site.later();
    await site.scan();
    const scannedAt = new Date((await site.store.index.scannedAtMs()) ?? 0).toISOString();
    site.clock.advance(60_000);
    site.sandbox.addMember(site.sandbox.groups.access.id, id);
    site.clock.advance(60_000);

    const unseen = await site.told(ADA);
    expect(unseen.verdict).toMatchObject({ kind: 'givenBack', hasAccess: true });
    const given = unseen.timeline.at(-1);
    expect(given).toMatchObject({ who: 'not by this bridge', event: 'membership.given', since: scannedAt });
    expect(given?.at.localeCompare(scannedAt)).toBe(1);

    await site.scan();
    const report = (await site.audited(id)).find(({ event }) => event === 'leaver.hasAccess');
    const { timeline, verdict, now } = await site.told(ADA);

    expect(timeline.map(({ who, event, rule, result }) => [who, event, rule, result])).toEqual([
      ['okta', 'group.memberAdded', 'US4', 'done'],
      ['okta', 'user.provisioned', 'US4', 'done'],
      ['okta', 'group.memberAdded', 'GR5', 'done'],
      ['okta', 'group.memberRemoved', 'US7', 'done'],
      ['okta', 'user.deactivated', 'US7', 'done'],
      ['scan', 'leaver.hasAccess', 'SA9', 'noted'],
      ['not by this bridge', 'membership.given', null, 'seen'],
    ]);
    expect(timeline[3]?.upstream.map(({ operation, status }) => [operation, status])).toEqual([
      ['confluence.removeMember', 204],
    ]);
    // Once a scan has seen it, the span ends with that scan's report.
    expect(timeline.at(-1)).toMatchObject({ at: report?.at, since: timeline[4]?.at });
    expect(verdict.sentence).toContain(`not by this bridge, between ${timeline[4]?.at} and ${report?.at}`);
    expect(verdict.sentence).toContain('okta deactivated the person at');
    expect(now).toMatchObject({ remembered: [{ id: site.sandbox.groups.access.id }], owed: [], isProtected: false });
    const group = await site.told({ group: 'engineering' });
    expect(group.verdict.kind).toBe('managed');
    expect(group.timeline.map(({ event }) => event)).toEqual(['group.created', 'group.memberAdded']);
    expect((await site.told({ group: groupId })).verdict).toEqual(group.verdict);

    await site.state(id, true);
    const after = await site.told(id);
    expect(after.verdict).toMatchObject({ kind: 'active', hasAccess: true });
    expect(after.timeline.at(-1)).toMatchObject({ event: 'user.reactivated', who: 'okta' });
  });

  it('is one page, each line with the time, and changes nothing upstream or in the records', async () => {
    const site = await startWhy();
    const { id } = await site.created();
    await site.state(id, false);
    const before = await site.audited();
    site.sandbox.takeCalls();

    const { text, isComplete } = await site.why(ADA);

    expect(operations(site.sandbox, 'writes').filter((name) => !/search|check/i.test(name))).toEqual([]);
    expect(await site.audited()).toEqual(before);
    expect(isComplete).toBe(true);
    expect(text).toMatch(/^ada@example\.com: user \S+, account \S+\n\n/);
    expect(text).toMatch(
      /^\S+Z {2}okta {2}take the person out of "[^"]+" +US7 {2}done {2}confluence\.removeMember 204$/m,
    );
    expect(text).toMatch(/^Now:$/m);
    expect(text).toMatch(/^ {2}granting groups +none$/m);
    expect(text).toMatch(/^ {2}remembered +"[^"]+"$/m);
    expect(text).toMatch(/\n\nHas no access, because okta deactivated the person at \S+Z\.\n$/);
  });

  it('shows an event it does not know by its own name, rule and note', async () => {
    const site = await startWhy();
    const { id } = await site.created();
    await site.store.audit.append({
      at: new Date(site.clock.now()).toISOString(),
      caller: 'entra',
      requestId: 'r-1',
      event: 'brake.held',
      subject: id,
      object: undefined,
      decision: 'SA99',
      result: 'refused',
      upstream: [],
      note: 'Ten people lost access in an hour.',
    });

    const { text } = await site.why(id);

    expect(text).toMatch(/Z {2}entra {2}brake\.held +SA99 {2}refused\n {4}Ten people lost access in an hour\.\n/);
  });

  it('shows names that hold control characters as escapes, as text and as JSON', async () => {
    const site = await startWhy();
    const { accountId } = await site.known({ email: ADA });
    const evil = 'evil\u001b[2J\u009b31m\u202etxt';
    site.sandbox.addMember(site.sandbox.addGroup({ name: evil }).id, accountId);
    site.sandbox.updateGroup(site.sandbox.groups.access.id, { name: evil });

    const { text } = await site.why(ADA);
    const told = await site.told(ADA);

    expect(text).toContain('evil\\u{1b}[2J\\u{9b}31m\\u{202e}txt');
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    expect(told.verdict.sentence).toContain(`"${evil}"`);
  });
});
