import type { PersonLink } from '../provisioning/store.js';
import { readNames } from '../why/names.js';
import { type Collected, type Comparing, isRecent, protectionIn, type Protects } from './comparing.js';
import type { Finding, FoundPerson } from './findings.js';

/** How long an invitation may stay without an account. */
const OVERDUE_INVITATION_MS = 7 * 24 * 60 * 60 * 1000;
/** Lines of a person's audit among which the one about what is owed is looked for. */
const MOST_LINES = 500;

/** What the record itself says has waited for too long: owed memberships, and invitations. Asks Atlassian nothing. */
export async function compareWaiting(comparing: Comparing, collected: Collected): Promise<void> {
  const protects = await protectionIn(comparing);
  collected.findings.push(...(await findOwed(protects, comparing)), ...(await findInvited(protects, comparing)));
}

async function findOwed(protects: Protects, comparing: Comparing): Promise<readonly Finding[]> {
  const { records } = comparing;
  const overdue = await records.holds.listOverdue();
  const names = await readNames(
    overdue.map(({ groupId }) => groupId),
    records,
  );
  const findings: Finding[] = [];
  for (const { personId, groupId } of overdue) {
    const link = await records.people.find(personId);
    if (link === undefined) continue;
    const lines = await records.audit.list({ subject: personId, limit: MOST_LINES });
    const owed = lines.find(({ event, object }) => event === 'group.memberOwed' && object === groupId);
    const sinceIso = owed?.at ?? link.wantedAt;
    if (isRecent(sinceIso, comparing) || isRecent(link.modifiedAt, comparing)) continue;
    findings.push({
      kind: 'membershipOwed',
      person: personOf(link, protects),
      groups: [{ id: groupId, name: names.ofGroup(groupId) }],
      sinceIso,
      ownWrite: undefined,
      changedBy: 'bridge',
      what: `Is owed a place in ${names.ofGroup(groupId)} since ${sinceIso}, though there is an account to put there.`,
    });
  }
  return findings;
}

async function findInvited(protects: Protects, comparing: Comparing): Promise<readonly Finding[]> {
  const { records, clock } = comparing;
  const before = new Date(clock.now() - OVERDUE_INVITATION_MS).toISOString();
  const findings: Finding[] = [];
  for (const link of await records.people.listInvited()) {
    const { invitedAt, wanted } = link;
    if (wanted !== 'active' || invitedAt === undefined || invitedAt > before) continue;
    findings.push({
      kind: 'invitationOverdue',
      person: personOf(link, protects),
      groups: [],
      sinceIso: invitedAt,
      ownWrite: undefined,
      changedBy: 'unknown',
      what: `Was invited at ${invitedAt}, and no account has appeared.`,
    });
  }
  return findings;
}

function personOf(link: PersonLink, protects: Protects): FoundPerson {
  const { id, accountId, userName } = link;
  return { id, accountId, name: userName, isProtected: protects({ id, accountId, link }) };
}
