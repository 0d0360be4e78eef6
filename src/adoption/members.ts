import { controlRead } from '../provisioning/access.js';
import type { MembersPage, UpstreamAccount } from '../provisioning/directory.js';
import { Failure } from '../provisioning/failure.js';
import type { AdoptionParts } from './parts.js';

const PER_PAGE = 200;
/** Pages in a row that show nobody new: Atlassian cuts pages before it leaves suspended people out of them. */
const MOST_IDLE_PAGES = 20;

/**
 * Everybody in the groups that grant access, once each, apps and guests included; page by page, one call at a time, so
 * that a bridge beside it is not held up.
 *
 * @throws Failure when a page cannot be read, or when nobody is shown, which is not believed (rule SA2)
 */
export async function* accountsWithAccess(parts: AdoptionParts): AsyncGenerator<readonly UpstreamAccount[]> {
  const { directory, access, call } = parts;
  const seen = new Set<string>();
  for (const groupId of access.granting.keys()) {
    const inGroup = new Set<string>();
    let idlePages = 0;
    let start: number | undefined = 0;
    do {
      const page: MembersPage = await directory.listMembers(
        groupId,
        { start, limit: PER_PAGE, withTotal: false },
        call(),
      );
      const before = inGroup.size;
      page.members.forEach(({ accountId }) => inGroup.add(accountId));
      idlePages = inGroup.size === before ? idlePages + 1 : 0;
      if (idlePages > MOST_IDLE_PAGES) throw notMoving();
      const fresh = page.members.filter(({ accountId }) => !seen.has(accountId));
      fresh.forEach(({ accountId }) => seen.add(accountId));
      if (fresh.length > 0) yield fresh;
      start = page.next;
    } while (start !== undefined);
  }
  if (seen.size === 0) await controlRead(parts, access, call());
}

function notMoving(): Failure {
  return new Failure(
    'unexpected',
    'Atlassian lists the members of a group without moving on. Run the command again later, and doctor if it stays so.',
  );
}

/** What is found of the people with access when they have to be read as a whole. */
export interface Survey {
  /** Accounts that show one of the addresses asked for, by address. */
  readonly visible: ReadonlyMap<string, readonly string[]>;
  readonly people: number;
}

export async function survey(addresses: readonly string[], parts: AdoptionParts): Promise<Survey> {
  const visible = new Map<string, string[]>(addresses.map((address) => [address, []]));
  let people = 0;
  for await (const accounts of accountsWithAccess(parts)) {
    for (const { accountId, accountType, email } of accounts) {
      if (accountType !== 'atlassian') continue;
      people += 1;
      if (email !== undefined) visible.get(email.toLowerCase())?.push(accountId);
    }
  }
  return { visible, people };
}
