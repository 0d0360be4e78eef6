import type { PersonChange } from '../provisioning/change.js';
import { changePerson } from '../provisioning/change.js';
import { Failure } from '../provisioning/failure.js';
import { provision } from '../provisioning/provision.js';
import { removePerson } from '../provisioning/removal.js';
import type { JsonObject } from '../provisioning/store.js';
import type { PersonView } from '../provisioning/views.js';
import type { ScimContext } from './context.js';
import { recordOf, toUser } from './mapping.js';
import { isJsonList, isJsonObject, property } from './json.js';
import { mergeProfile, type Profile, profileDifferences } from './profile.js';
import { parseProjection, project, wants } from './projection.js';
import { readListQuery, readProjectionInputs } from './queryParameters.js';
import { inviteAddress, readUser, type UserInput } from './requests.js';
import { listUsers } from './userLists.js';

/** What a handler needs of the request: the id of the address, the query, the unread body. */
export interface ScimRequest {
  readonly target: string | undefined;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

/** `GET /Users/{id}`, `GET /Users`. */
export async function egressUser(request: ScimRequest, { bridge, call }: ScimContext): Promise<object> {
  if (request.target === undefined) return listUsers(readListQuery(request.query), bridge, call);
  const projection = parseProjection(readProjectionInputs(request.query), 'User');
  const view = await bridge.people.get(request.target, call, { groups: wants(projection, 'groups') });
  return project(toUser(view, bridge.baseUrl), projection);
}

/** `POST /Users`, `PUT /Users/{id}`. */
export async function ingressUser(request: ScimRequest, context: ScimContext): Promise<object> {
  const { bridge, call, response } = context;
  const projection = parseProjection(readProjectionInputs(request.query), 'User');
  const input = readUser(request.body);
  if (request.target !== undefined) {
    const view = await replaceUser(request.target, input, context);
    return project(toUser(view, bridge.baseUrl), projection);
  }
  if (input.problem !== undefined) throw input.problem;
  const userName = requiredUserName(input);
  const person = {
    userName,
    externalId: input.externalId?.value,
    active: input.active,
    profile: input.profile,
    address: inviteAddress({ userName, profile: input.profile }, bridge.deps.settings.defaultEmailDomain),
  };
  const user = toUser(await provision(person, bridge.deps, call), bridge.baseUrl);
  response.location(locationOf(user));
  return project(user, projection);
}

export function locationOf(resource: JsonObject): string {
  return (resource['meta'] as { readonly location: string }).location;
}

function requiredUserName(input: UserInput): string {
  if (input.userName !== undefined) return input.userName;
  throw new Failure('invalid', 'userName is missing or empty. Map the e-mail address or login to userName.');
}

/**
 * PUT (rule US10): `active` and `externalId` apply; a profile that differs goes by `PROFILE_UPDATES`. What is absent
 * keeps the record. A message that takes access is carried out whatever else is wrong with it (rule US12).
 */
async function replaceUser(id: string, input: UserInput, { bridge, call }: ScimContext): Promise<PersonView> {
  const { settings } = bridge.deps;
  if (input.active !== false) {
    if (input.problem !== undefined) throw input.problem;
    requiredUserName(input);
  }
  return changePerson(id, (view) => decideReplacement(view, input, settings), bridge.people, bridge.deps, call);
}

function decideReplacement(
  view: PersonView,
  input: UserInput,
  settings: ScimContext['bridge']['deps']['settings'],
): PersonChange {
  const current = recordOf(view);
  const sent = { userName: input.userName ?? current.userName, profile: withoutBlankEmails(input.profile) };
  const differences = profileDifferences(current, sent);
  const externalId = input.externalId === undefined ? undefined : { value: input.externalId.value };
  const isSameExternalId = externalId?.value === view.externalId;
  // First contact: what is sent becomes the record, in mode `reject` too.
  const isFirstContact = view.link === undefined;
  const next = withKeptName(isFirstContact ? sent : mergeProfile(current, sent), current, input.active);
  const refuses = settings.profileUpdates === 'reject' && !isFirstContact && differences.length > 0;
  const records = isFirstContact || (differences.length > 0 && !refuses);
  const record = {
    ...next,
    address: addressOf(next, settings.defaultEmailDomain) ?? view.link?.address ?? view.account?.email,
  };
  return {
    active: input.active,
    externalId: externalId === undefined || isSameExternalId ? undefined : externalId,
    record: records ? record : undefined,
    adoption: record,
    dropped: [...(isFirstContact ? [] : differences), ...(input.problem === undefined ? [] : [UNREADABLE])],
    refusal: refuses ? profileUnsupported(differences) : undefined,
  };
}

/** What the audit says of parts that cannot be named without quoting what was sent. */
export const UNREADABLE = 'a part that cannot be read or carried out';

/** A userName is never recorded from a message that deactivates: Entra ID renames the soft-deleted (rule US12). */
export function withKeptName(next: Profile, current: Profile, active: boolean | undefined): Profile {
  return active === false ? { ...next, userName: current.userName } : next;
}

/** An empty address is a mapping without a value, and must not take the place of one that is known (rule US1). */
function withoutBlankEmails(profile: JsonObject): JsonObject {
  const { emails, ...rest } = profile;
  if (!isJsonList(emails)) return profile;
  const filled = emails.filter((email) => !isJsonObject(email) || property(email, 'value') !== '');
  return filled.length === 0 ? rest : { ...rest, emails: filled };
}

/** The address a record would be invited with; a record that has none keeps the one it was linked by. */
export function addressOf(
  record: { readonly userName: string; readonly profile: JsonObject },
  defaultDomain: string | undefined,
): string | undefined {
  try {
    return inviteAddress(record, defaultDomain);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** @param names of attributes, never their values */
export function profileUnsupported(names: readonly string[]): Failure {
  if (names.every((name) => name === 'password')) {
    return new Failure(
      'unsupported',
      'password cannot be changed: Confluence Cloud has no call for it, and the bridge never keeps one. Switch off password sync in the identity provider.',
    );
  }
  return new Failure(
    'unsupported',
    `${names.join(', ')} cannot be changed: Confluence Cloud has no call for profile attributes. Unmap them in the identity provider, or have the operator set PROFILE_UPDATES=record to keep them in the bridge only.`,
  );
}

/** `DELETE /Users/{id}`. */
export async function degressUser(request: ScimRequest, { bridge, call }: ScimContext): Promise<void> {
  await removePerson(request.target ?? '', bridge.people, bridge.deps, call);
}
