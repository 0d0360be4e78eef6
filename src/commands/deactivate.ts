import { deactivateByHand } from '../provisioning/byHand.js';
import { asOperator } from './operator.js';

/** Takes the access of one person now, whatever the brake says (rule SA11). */
export async function deactivate(who: string): Promise<void> {
  const { id, accountId } = await asOperator((deps, call) => deactivateByHand(who, deps, call));
  process.stdout.write(
    accountId === undefined
      ? `The user ${id} has no account yet; what an invitation may still give is taken as soon as it appears.\n`
      : `The user ${id} has no access to Confluence any more.\n`,
  );
}
