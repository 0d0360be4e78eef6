import type { Memberships } from './access.js';
import type { Call } from './call.js';
import type { Access, Dependencies } from './dependencies.js';
import { isTestAddress } from './invitations.js';
import type { Member } from './members.js';
import type { MemberWork } from './memberWork.js';
import type { Exchange, Giving, Newcomer } from './seats.js';
import type { PersonLink } from './store.js';

/**
 * Holds the seat that giving somebody access takes (rule US14); a connection test takes none.
 *
 * @throws Failure `refused` by US14 when none is left
 */
export async function holdingSeat<T>(
  link: PersonLink,
  { access, memberships }: { readonly access: Access; readonly memberships: Memberships | undefined },
  deps: Dependencies,
  call: Call,
  work: (giving: Giving) => Promise<T>,
): Promise<T> {
  const { accountId, address } = link;
  if (accountId === undefined && (address === undefined || (await isTestAddress(address, deps)))) {
    return work((write) => write());
  }
  const isMember = [...(memberships?.shown ?? [])].some((groupId) => access.granting.has(groupId));
  return deps.seats.hold({ accountId, address, hasAccess: isMember && !link.suspended }, call, work);
}

/** What a plan does to the seats when the group grants access (rule US14); invited people and leavers get none by it. */
export function exchangeOf(work: MemberWork): Exchange {
  const joining = work.add.filter(({ member }) => member.accountId !== undefined && member.link?.wanted !== 'inactive');
  return {
    groupId: work.groupId,
    joining: joining.map(({ member }) => newcomerOf(member)),
    leaving: work.remove.flatMap(({ member }) => member.accountId ?? []),
  };
}

/** Somebody without a record is a SCIM User by access alone (rule ID2). */
export function newcomerOf({ accountId, link }: Member): Newcomer {
  return { accountId, address: link?.address, hasAccess: link === undefined };
}
