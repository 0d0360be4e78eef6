import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { startCommand } from '../support/command.js';

describe('demo --full', () => {
  let told: string;
  let outcome: { readonly code: number | null; readonly stderr: string };
  // Once for all its chapters: it is the longest of all commands.
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bridge-demo-'));
    const command = startCommand(['demo', '--full'], { env: {}, cwd: folder });
    const code = await command.exit;
    const { stdout, stderr } = command.output();
    [told, outcome] = [stdout, { code, stderr }];
    await rm(folder, { recursive: true });
  }, 120_000);

  it('needs no settings, and goes to its end', () => {
    expect(outcome).toEqual({ code: 0, stderr: '' });
  });

  it('tells of the brake [SA11]', () => {
    expect(told).toContain('10 lost access, 30 messages were refused');
  });

  it('tells of owners, and how they change [SA12]', () => {
    expect(told).toMatch(/^ {2}403 This user belongs to the identity provider "demo"/m);
    expect(told).toContain('$ confluence-scim-bridge transfer katherine.johnson@example.com demo');
  });

  it('tells why somebody has access, and exports the audit [SA10]', () => {
    expect(told).toMatch(/Has access, because access was given back through "[^"]+", not by this bridge, between /);
    expect(told).toContain(',group.memberRemoved,');
  });

  it('tells of drift, and its repair [SA15]', () => {
    expect(told).toContain('$ confluence-scim-bridge drift --repair\n');
  });

  it('tells of adoption, of the last seat, and of linking [ID7] [US14]', () => {
    expect(told).toMatch(/overSeatLimit +sofia/);
    expect(told).toContain('  409 No seat is left, and nobody was given access: SEAT_LIMIT is ');
    expect(told).toContain('Nobody gains or loses access.');
  });
});
