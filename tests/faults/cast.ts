import type { ReceivedCall } from '../../src/sandbox/calls.js';
import type { Group, NewGroup, NewPerson, Person } from '../../src/sandbox/state.js';
import { patch, USER_URN } from '../scim/exchanges.js';
import type { Answer, Lane } from './lane.js';
import type { Request } from './scenario.js';

const MOST_ATTEMPTS = 5;
const GRANTING: readonly string[] = ['access', 'second'];

/** The people and groups of one cell, by the parts that they play. Their names are the cell's own. */
export class Cast {
  readonly lane: Lane;
  readonly #token: string;
  readonly #people = new Map<string, { readonly email: string; userName: string }>();
  readonly #groups = new Map<string, string>();
  /** Ids that were seen once, though what they belong to may be gone. */
  readonly #parts = new Map<string, string>();

  constructor(lane: Lane, token: string) {
    this.lane = lane;
    this.#token = token;
  }

  /** The address of a part, which the cell is about from now on, whether or not an account has it. */
  email(part: string): string {
    const email = `${part}-${this.#token}@example.com`;
    if (!this.#people.has(part)) this.#people.set(part, { email, userName: email });
    return email;
  }

  /** The name of a group, which `ADOPT_GROUPS` fits. */
  groupName(part: string): string {
    const name = `team-${part}-${this.#token}`;
    this.#groups.set(part, name);
    return name;
  }

  /** Somebody on the site, known to nobody here. */
  person(part: string, details: NewPerson = {}): Person {
    const email = this.email(part);
    return this.lane.bridge.sandbox.addPerson({ email, displayName: email, ...details });
  }

  /** A group on the site. */
  group(part: string, details: Partial<NewGroup> = {}, ...memberIds: readonly string[]): Group {
    const { sandbox } = this.lane.bridge;
    const group = sandbox.addGroup({ name: this.groupName(part), ...details });
    for (const id of memberIds) sandbox.addMember(group.id, id);
    return group;
  }

  /** A User as an identity provider sends one. */
  user(part: string, changes: object = {}): object {
    const email = this.email(part);
    return {
      schemas: [USER_URN],
      userName: email,
      externalId: `${this.#token}-${part}`,
      emails: [{ value: email, type: 'work', primary: true }],
      ...changes,
    };
  }

  /** From now on the record of a part is looked for under this userName. */
  renamed(part: string): string {
    const userName = `renamed-${this.email(part)}`;
    const known = this.#people.get(part);
    if (known !== undefined) known.userName = userName;
    return userName;
  }

  /** The account of a part that has one. */
  account(part: string): string {
    const { accountId } = this.lane.bridge.sandbox.findPersonByEmail(this.email(part)) ?? {};
    if (accountId === undefined) throw new Error(`${part} has no account.`);
    return accountId;
  }

  /** A second group that gives access, so that more than one has to be left and given back. */
  alsoInSecond(part: string): void {
    this.lane.bridge.sandbox.addMember(this.lane.secondId, this.account(part));
  }

  /** Provisioned through the bridge. @returns the SCIM id */
  async created(part: string, changes: object = {}): Promise<string> {
    return this.#made('/Users', this.user(part, changes));
  }

  /** Made through the bridge. @returns the id */
  async createdGroup(part: string, ...memberIds: readonly string[]): Promise<string> {
    return this.#made('/Groups', this.groupBody(part, memberIds));
  }

  groupBody(part: string, memberIds: readonly string[], changes: object = {}): object {
    return {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      displayName: this.groupName(part),
      members: memberIds.map((value) => ({ value })),
      ...changes,
    };
  }

  async #made(path: string, body: object): Promise<string> {
    const { text } = await this.#answered({ method: 'POST', path, body });
    return (JSON.parse(text) as { readonly id: string }).id;
  }

  /** Something that has to succeed before the request under test. */
  async done(request: Request): Promise<void> {
    await this.#answered(request);
  }

  /** On a busy machine a short budget may be over before there is an answer; identity providers then send it again, too. */
  async #answered(request: Request): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.lane.send(request);
      if (answer.status < 300) return answer;
      if (answer.status !== 503 || attempt === MOST_ATTEMPTS)
        throw new Error(`${JSON.stringify(request)}: ${answer.status} ${answer.text}`);
    }
  }

  /** What Confluence truly holds of the cell, one fact a line. */
  upstream(): ReadonlySet<string> {
    const { sandbox } = this.lane.bridge;
    const facts = new Set<string>();
    const nameOf = this.#groupParts();
    for (const [part, name] of this.#groups) {
      if (sandbox.findGroupByName(name) !== undefined) facts.add(`group ${part} exists`);
    }
    for (const [part, { email }] of this.#people) {
      if (sandbox.isInvited(email)) facts.add(`${part} invited`);
      const person = sandbox.findPersonByEmail(email);
      if (person === undefined) continue;
      facts.add(`${part} exists`);
      if (person.suspended) facts.add(`${part} suspended`);
      if (!person.inDirectory) facts.add(`${part} outside the directory`);
      for (const groupId of sandbox.groupsOf(person.accountId)) {
        facts.add(`${part} in ${nameOf.get(groupId) ?? 'another group'}`);
      }
    }
    return facts;
  }

  /** What the bridge keeps of the cell, one fact a line. */
  async record(): Promise<ReadonlySet<string>> {
    const { store } = this.lane.bridge;
    const facts = new Set<string>();
    const nameOf = this.#groupParts();
    for (const [part, { email, userName }] of this.#people) {
      if ((await store.intents.find('invite', email)) !== undefined) facts.add(`invitation of ${part} unanswered`);
      const link = await store.people.findByUserName(userName);
      if (link === undefined) continue;
      const account = link.accountId === undefined ? 'no account' : 'an account';
      const invited = link.invitedAt === undefined ? '' : ', invited';
      facts.add(`${part} wanted ${link.wanted}, ${account}${link.suspended ? ', suspended' : ''}${invited}`);
      facts.add(`${part} owned by ${link.owner ?? 'nobody'}`);
      facts.add(`${part} externalId ${(await store.people.externalId(link.id, 'okta')) ?? 'none'}`);
      for (const { groupId, kind } of await store.holds.ofPerson(link.id)) {
        facts.add(`${part} ${kind} ${nameOf.get(groupId) ?? 'another group'}`);
      }
    }
    for (const [part, name] of this.#groups) {
      if ((await store.intents.find('createGroup', name.toLowerCase())) !== undefined) {
        facts.add(`creation of ${part} unanswered`);
      }
      for (const id of await store.groups.idsNamed(name)) {
        const link = await store.groups.find(id);
        if (link === undefined) continue;
        facts.add(`group ${part} ${link.origin}${link.isReleased ? ', released' : ''}, called ${link.displayName}`);
      }
    }
    return new Set([...facts].map((fact) => fact.replaceAll(this.#token, '…')));
  }

  /** The facts of a person's access among those of {@link upstream}. */
  static accessOf(facts: ReadonlySet<string>): readonly string[] {
    return [...facts].filter((fact) => GRANTING.some((group) => fact.endsWith(` in ${group}`)));
  }

  /** Ids to the parts that they belong to: accounts, SCIM ids and groups. */
  async parts(): Promise<ReadonlyMap<string, string>> {
    const parts = this.#upstreamParts();
    for (const [part, { userName }] of this.#people) {
      const link = await this.lane.bridge.store.people.findByUserName(userName);
      if (link !== undefined) parts.set(link.id, part);
    }
    return parts;
  }

  /** The JSON of an answer without what differs from cell to cell; empty for none. */
  async anonymous(text: string): Promise<string> {
    return ordered(this.#inParts(text, await this.parts()))
      .replace(/inv-[0-9a-f-]{36}/g, 'minted')
      .replace(/"\d{4}-\d\d-\d\dT[^"]*"/g, '"then"')
      .replace(/ \(request [^)]*\)/g, '');
  }

  /** All that a call to Atlassian says, without what differs from cell to cell. */
  said({ method, path, body }: ReceivedCall): string {
    const parts = this.#upstreamParts();
    const json = body === undefined ? '' : JSON.stringify(body);
    return `${method} ${this.#inParts(path, parts)} ${ordered(this.#inParts(json, parts))}`.trim();
  }

  #inParts(text: string, parts: ReadonlyMap<string, string>): string {
    let same = text;
    for (const [id, part] of parts) same = same.replaceAll(encodeURIComponent(id), part).replaceAll(id, part);
    return same.replaceAll(this.#token, '…');
  }

  /** PATCH that states `active` and nothing else. */
  stating(id: string, active: boolean): Request {
    return {
      method: 'PATCH',
      path: `/Users/${encodeURIComponent(id)}`,
      body: patch({ op: 'replace', value: { active } }),
    };
  }

  /** PUT of the whole User. */
  putting(id: string, part: string, changes: object = {}): Request {
    return { method: 'PUT', path: `/Users/${encodeURIComponent(id)}`, body: this.user(part, changes) };
  }

  /** The same as far as Atlassian knows them. */
  #upstreamParts(): Map<string, string> {
    const { sandbox } = this.lane.bridge;
    const { cloudId, orgId } = sandbox.credentials;
    const parts = this.#groupParts().set(sandbox.admin.accountId, 'admin').set(cloudId, 'cloud').set(orgId, 'org');
    for (const [part, { email }] of this.#people) {
      const person = sandbox.findPersonByEmail(email);
      if (person !== undefined) parts.set(person.accountId, part);
    }
    return parts;
  }

  #groupParts(): Map<string, string> {
    const { sandbox } = this.lane.bridge;
    const parts = this.#parts;
    for (const { id, name } of Object.values<Group>({ ...sandbox.groups })) parts.set(id, name);
    parts.set(sandbox.groups.access.id, 'access').set(this.lane.secondId, 'second');
    for (const [part, name] of this.#groups) {
      const id = sandbox.findGroupByName(name)?.id;
      if (id !== undefined) parts.set(id, part);
    }
    return parts;
  }
}

/** The same text for bodies that differ in the order of their lists only. */
function ordered(text: string): string {
  if (text === '') return '';
  return JSON.stringify(inOrder(JSON.parse(text) as unknown));
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(inOrder).sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, inOrder(inner)]));
}
