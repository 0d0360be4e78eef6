import { toEvidenceText, toPlanText } from '../adoption/linkText.js';
import { systemClock } from '../clock.js';
import { EXIT_CODES } from '../exit.js';
import { linkAccount } from '../provisioning/linking.js';
import { gatherLinkEvidence } from '../provisioning/linkEvidence.js';
import { type LinkWord, planLink } from '../provisioning/linkPlan.js';
import { isAgreed } from './agreement.js';
import { asOperator, operatorCall } from './operator.js';

/**
 * Connects a person, whose account Atlassian hides, or names another for, with an account that the operator names
 * (rules US5, ID7): shows the evidence, says what will happen, asks, and does it only while it is still so.
 *
 * @returns the exit code: 1 when the operator did not agree
 * @throws ExitError with what speaks against it
 */
export async function link(
  email: string,
  account: string,
  { yes, ...word }: LinkWord & { readonly yes: boolean },
): Promise<number> {
  return asOperator(async (deps, call) => {
    const evidence = await gatherLinkEvidence(email, account, deps, call);
    process.stdout.write(`${toEvidenceText(evidence)}\n\n`);
    const agreed = planLink(evidence, word, systemClock.now());
    process.stdout.write(`${toPlanText(agreed, evidence)}\n`);
    if (agreed.kind === 'none') return EXIT_CODES.ok;
    if (!yes && !(await isAgreed('Link them?'))) {
      process.stdout.write('Nothing was changed. Answer yes, or add --yes in a script.\n');
      return EXIT_CODES.failure;
    }
    // The answer may have taken longer than a call may.
    const id = await linkAccount(email, account, deps, operatorCall(), { ...word, agreed });
    process.stdout.write(`The user ${id} is linked to the account ${account}.\n`);
    return EXIT_CODES.ok;
  });
}
