import type { Call } from './call.js';
import { changePerson } from './change.js';
import type { Dependencies } from './dependencies.js';
import { Failure } from './failure.js';
import { createPeople } from './people.js';
import type { PersonView } from './views.js';

/**
 * Deactivates one person as an identity provider would (rule US7), by order of the operator.
 *
 * @param who an e-mail address, or the SCIM or account id of somebody whose address is hidden or shared
 * @throws Failure `notFound`; `refused` when several people have the address, or a group cannot be left
 */
export async function deactivateByHand(who: string, deps: Dependencies, call: Call): Promise<PersonView> {
  const people = createPeople(deps);
  const value = who.trim();
  const found = await people.find({ by: value.includes('@') ? 'address' : 'id', value }, call);
  const [only] = found;
  if (only === undefined) {
    throw new Failure(
      'notFound',
      'Nobody with this address or id is recorded here or has access to Confluence. If Atlassian hides the address, give the account id, from the address of the profile in Atlassian administration.',
    );
  }
  if (found.length > 1) {
    throw new Failure(
      'refused',
      `Several users have this address: ${found.map(({ id }) => id).join(', ')}. Give the id of the right one instead.`,
    );
  }
  const address = value.includes('@') ? value.toLowerCase() : only.account?.email;
  const decide = () => ({
    active: false,
    externalId: undefined,
    record: undefined,
    adoption: { userName: address ?? only.id, profile: {}, address },
    dropped: [],
    refusal: undefined,
  });
  return changePerson(only.id, decide, people, deps, call);
}
