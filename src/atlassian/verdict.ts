import type { Failure } from '../provisioning/failure.js';
import type { Answer, Operation } from './operation.js';
import { isAnonymous, isShutOut, lacksScope, refusal } from './responses.js';

/** What an answer says about the credential that it was asked with (rule SA5). */
export interface CredentialVerdict {
  readonly credential: 'site' | 'organization';
  readonly operation: string;
  /** `misconfigured`, and names the missing right; undefined when the credential was accepted. */
  readonly refusal: Failure | undefined;
  /** Whether the refusal is of the credential as such, so that any success disproves it, or of this operation's right. */
  readonly isWhole: boolean;
}

/**
 * A refused write is no verdict: a group may be protected while everything else is allowed. That a read is refused means
 * that a right is missing which the bridge cannot do without, unless the operation says that it can; that a scope is
 * missing is never about a single group.
 *
 * @returns undefined for an answer that says nothing about the credential
 */
export function judgeCredential(operation: Operation, answer: Answer): CredentialVerdict | undefined {
  const { credential, name, repeatability, isOptional } = operation;
  if (credential === 'none') return undefined;
  const verdict = (isWhole: boolean, failure?: Failure): CredentialVerdict => ({
    credential,
    operation: name,
    refusal: failure,
    isWhole,
  });
  if (isOptional === true && (lacksScope(answer) || answer.status === 403)) return undefined;
  if (lacksScope(answer)) return verdict(false, refusal(operation, answer));
  if (isAnonymous(answer) || answer.status === 401 || isShutOut(answer))
    return verdict(true, refusal(operation, answer));
  if (answer.status === 403) {
    return repeatability === 'read' ? verdict(false, refusal(operation, answer)) : undefined;
  }
  return answer.status < 300 ? verdict(false) : undefined;
}
