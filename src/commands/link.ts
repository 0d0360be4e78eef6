import { linkAccount } from '../provisioning/linking.js';
import { asOperator } from './operator.js';

/** Connects an invited person, whose account Atlassian hides, with an account that the operator names (rule US5). */
export async function link(email: string, account: string): Promise<void> {
  const id = await asOperator((deps, call) => linkAccount(email, account, deps, call));
  process.stdout.write(
    `The user ${id} is linked to the account ${account}, and has what its identity provider asked for.\n`,
  );
}
