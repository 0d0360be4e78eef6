import { audit } from './auditing.js';
import { type Call, OWN_CALLERS } from './call.js';
import type { Dependencies, Settings } from './dependencies.js';
import { Failure } from './failure.js';
import type { GroupLink, PersonLink, Records } from './store.js';

/** Whether a caller can own anything: it is configured, and may write. */
export function mayOwn(caller: string, { callers }: Pick<Settings, 'callers'>): boolean {
  return callers.some(({ name, isReadOnly }) => name === caller && !isReadOnly);
}

/**
 * Whether something belongs to another identity provider than the one that asks (rule SA12). An owner that is not
 * configured any more, or only reads, keeps nothing. Neither is anything kept from the operator or the bridge itself, but
 * from a caller whose token was taken away while its message is carried out.
 */
export function isAnothers(
  owner: string | undefined,
  { settings }: Pick<Dependencies, 'settings'>,
  { caller }: Pick<Call, 'caller'>,
): owner is string {
  return owner !== undefined && owner !== caller && mayOwn(owner, settings) && !Object.hasOwn(OWN_CALLERS, caller);
}

/**
 * Whether the caller may take what a person's owner gave: the access, or the record itself. An owner who has said
 * `active: false` keeps nothing from a caller that says the same, so that a leaver whose removal failed half-way can be
 * taken by either. Judged under the person's lock.
 *
 * @throws Failure `forbidden` that names the owner and the way out
 */
export function assertMayTake(
  link: PersonLink | undefined,
  what: 'access' | 'record',
  deps: Pick<Dependencies, 'settings'>,
  call: Call,
): void {
  if (link === undefined || !isAnothers(link.owner, deps, call)) return;
  if (what === 'access' && link.wanted === 'inactive') return;
  throw new Failure(
    'forbidden',
    `This user belongs to the identity provider "${link.owner}", which gave access last. Deactivate or delete the user there, or have the operator run: confluence-scim-bridge transfer ${link.id} ${call.caller}`,
    { refusedBy: 'SA12' },
  );
}

/** Who states `active: true` owns the person from then on; audited when somebody else did before. */
export async function takeOver(id: string, records: Records, deps: Dependencies, call: Call): Promise<void> {
  const link = await records.people.find(id);
  if (link === undefined || link.owner === call.caller || !mayOwn(call.caller, deps.settings)) return;
  await records.people.update(id, { owner: call.caller, wantedAt: new Date(deps.clock.now()).toISOString() });
  await audit(records, deps, call, {
    event: 'user.ownerChanged',
    subject: id,
    decision: 'SA12',
    result: 'done',
    upstream: [],
    note: ownerBefore(link.owner),
  });
}

/**
 * A group is renamed and deleted by its owner alone. Judged under the group's lock.
 *
 * @throws Failure `forbidden` that names the owner and the way out
 */
export function assertOwnGroup(
  link: GroupLink | undefined,
  what: 'renamed' | 'deleted',
  deps: Pick<Dependencies, 'settings'>,
  call: Call,
): void {
  if (link === undefined || !isAnothers(link.owner, deps, call)) return;
  throw new Failure(
    'forbidden',
    `Group "${link.displayName}" belongs to the identity provider "${link.owner}" and is ${what} by it alone. Do it there, or have the operator run: confluence-scim-bridge transfer --group ${link.id} ${call.caller}`,
  );
}

/** For the audit. */
export function ownerBefore(owner: string | undefined): string {
  return owner === undefined ? 'Nobody owned it before.' : `Owned by ${owner} before.`;
}
