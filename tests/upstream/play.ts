import { createDirectory } from '../../src/atlassian/backends.js';
import type { TokenKind } from '../../src/atlassian/connection.js';
import { createProbes } from '../../src/atlassian/probes.js';
import { DOCTOR_CHECKS } from '../../src/doctor/checks.js';
import type { BackEnd } from '../../src/provisioning/directory.js';
import { startSandbox, type Sandbox, type StartOptions } from '../../src/sandbox/server.js';
import { Failure } from '../../src/provisioning/failure.js';
import { callOf, connectTo, testClock } from '../atlassian/upstream.js';
import { examineSite } from '../doctor/examination.js';
import { filtered, GROUP_URN, idOf, patch, user } from '../scim/exchanges.js';
import { createTestClock, startTestBridge, type TestBridge } from '../support/bridge.js';
import { startRecorder, type Exchange, type Recorder } from './recorder.js';
import type { Act } from './acts.js';
import type { Scene } from './scenes.js';

interface Cast {
  readonly sandbox: Sandbox;
  readonly recorder: Recorder;
  /** Variables that lead the bridge to the sandbox by way of the recorder. */
  readonly settings: Readonly<Record<string, string>>;
}

async function startCast(options: StartOptions, tokenKind: TokenKind): Promise<Cast> {
  const sandbox = await startSandbox({ jira: false, organization: false, ...options });
  const recorder = await startRecorder(sandbox.url);
  return {
    sandbox,
    recorder,
    settings: {
      ATLASSIAN_SITE_URL: recorder.url,
      ATLASSIAN_API_URL: recorder.url,
      ATLASSIAN_TOKEN_KIND: tokenKind,
      ATLASSIAN_API_TOKEN: sandbox.credentials[tokenKind === 'classic' ? 'apiToken' : 'scopedToken'],
    },
  };
}

/** The life of people and groups as an identity provider leads it, on one back end; every call of the bridge. */
export async function playLife(
  backEnd: BackEnd,
  tokenKind: TokenKind,
  settings: Readonly<Record<string, string>> = {},
): Promise<readonly Exchange[]> {
  const clock = createTestClock();
  const options = { now: () => clock.now(), jira: backEnd === 'jira', organization: backEnd === 'organization' };
  const { sandbox, recorder, settings: way } = await startCast(options, tokenKind);
  sandbox.addPerson({ email: 'hidden@example.com', emailVisible: false, access: true });
  const bridge = await startTestBridge({
    backEnd,
    site: sandbox,
    clock,
    settings: { ...way, ADOPT_GROUPS: 'team-*', ...settings },
  });
  try {
    await live(bridge);
    return recorder.exchanges;
  } finally {
    await bridge.close();
    await recorder.close();
    await sandbox.close();
  }
}

/** Later than reads lag behind the bridge's own writes: the roles of people who left are looked at. */
const LEFT_LONG_AGO_MS = 11 * 60_000;

async function live(bridge: TestBridge): Promise<void> {
  const ada = await made(bridge, '/Users', user('ada', { externalId: '1', active: true }));
  const bob = await made(bridge, '/Users', user('bob'));
  await bridge.scan();
  const person = `/Users/${ada}`;
  for (const path of ['/Users', person, filtered('/Users', 'userName eq "ada@example.com"'), '/Groups']) {
    await done(bridge, 'get', path);
  }
  await done(bridge, 'get', filtered('/Users', 'userName eq "nobody@example.com"'));

  const crew = { schemas: [GROUP_URN], displayName: 'crew', members: [{ value: ada }, { value: bob }] };
  const group = `/Groups/${await made(bridge, '/Groups', crew)}`;
  await done(bridge, 'get', group);
  await done(bridge, 'get', filtered('/Groups', 'displayName eq "crew"'));
  await done(bridge, 'patch', group, patch({ op: 'remove', path: `members[value eq "${bob}"]` }));
  await done(bridge, 'patch', group, patch({ op: 'add', path: 'members', value: [{ value: bob }] }));
  await done(bridge, 'put', group, { ...crew, members: [{ value: ada }] });

  await done(bridge, 'patch', person, patch({ op: 'replace', path: 'active', value: false }));
  bridge.clock.advance(LEFT_LONG_AGO_MS);
  await bridge.scan();
  await done(bridge, 'patch', person, patch({ op: 'replace', path: 'active', value: true }));
  await done(bridge, 'delete', person);
  await done(bridge, 'delete', group);
}

async function made(bridge: TestBridge, path: string, body: object): Promise<string> {
  return idOf(await bridge.scim('post', path, body));
}

async function done(bridge: TestBridge, method: 'get' | 'put' | 'patch' | 'delete', path: string, body?: object) {
  const { status } = await bridge.scim(method, path, body);
  if (status >= 300) throw new Error(`${method} ${path} was answered ${status}; a life should go smoothly.`);
}

/** Everything that the doctor asks: on a site as it should be, and with a token of the other kind. */
export async function playDoctor(options: StartOptions, tokenKind: TokenKind): Promise<readonly Exchange[]> {
  const { sandbox, recorder, settings } = await startCast(options, tokenKind);
  try {
    await examineSite(sandbox, { settings, checks: DOCTOR_CHECKS });
    const other = tokenKind === 'classic' ? 'scoped' : 'classic';
    await examineSite(sandbox, { settings: { ...settings, ATLASSIAN_TOKEN_KIND: other }, checks: DOCTOR_CHECKS });
    return recorder.exchanges;
  } finally {
    await recorder.close();
    await sandbox.close();
  }
}

/** What one act of the client sent, and the names that the client and the sandbox gave to it. */
export interface Played {
  readonly asked: readonly string[];
  readonly served: readonly string[];
  readonly exchanges: readonly Exchange[];
}

/** A scene with the client alone. Acts may fail, as they do in life, but with Failures only. */
export async function playScene(scene: Scene, tokenKind: TokenKind = 'classic'): Promise<readonly Played[]> {
  const { sandbox, recorder } = await startCast({ jira: true, organization: true, ...scene.options }, tokenKind);
  const played: Played[] = [];
  try {
    scene.prepare?.(sandbox);
    for (const act of scene.acts) {
      const before = recorder.exchanges.length;
      const asked = await perform(act, scene, tokenKind, sandbox, recorder.url);
      const served = sandbox.takeCalls().map(({ operation }) => operation ?? 'nothing');
      played.push({ asked, served, exchanges: recorder.exchanges.slice(before) });
    }
    return played;
  } finally {
    await recorder.close();
    await sandbox.close();
  }
}

/** @returns the names of the calls that were sent; each act has a client of its own, which knows nothing yet */
async function perform(act: Act, scene: Scene, tokenKind: TokenKind, sandbox: Sandbox, url: string) {
  const clock = testClock();
  const call = callOf(clock);
  const { adminEmail, apiToken, scopedToken, orgId, orgApiKey } = sandbox.credentials;
  const connection = connectTo(url, clock, {
    adminEmail,
    apiToken: tokenKind === 'classic' ? apiToken : scopedToken,
    tokenKind,
    orgId,
    orgApiKey,
    ...scene.config?.(sandbox, tokenKind),
  });
  const client = {
    organization: createDirectory(connection, 'organization'),
    jira: createDirectory(connection, 'jira'),
    invite: createDirectory(connection, 'invite'),
    probes: createProbes(connection),
    sandbox,
  };
  try {
    await act(client, call);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  } finally {
    connection.close();
  }
  return call.upstream.map(({ operation }) => operation);
}
