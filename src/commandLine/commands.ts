import type { AuditFormatName } from '../audit/formats.js';
import type { Transferred } from '../commands/transfer.js';
import type { RepairName } from '../drift/findings.js';
import type { LinkWord } from '../provisioning/linkPlan.js';
import type { Question } from '../why/explain.js';

/**
 * What the commands do. Each loads its own modules when it is called, so that `help` and a mistyped command answer at
 * once. A command that fails for a reason the operator can cure throws an ExitError.
 */
export interface Commands {
  /** Resolves when the bridge listens; the process lives on. */
  serve(): Promise<void>;
  /**
   * @param options.keep leaves sandbox and bridge running afterwards
   * @param options.full tells the longer story
   */
  demo(options: { readonly keep: boolean; readonly full: boolean }): Promise<void>;
  sandbox(): Promise<void>;
  /** @returns the exit code: checks that failed are a result, not an error */
  doctor(options: { readonly json: boolean }): Promise<number>;
  /** @returns the exit code: answers that were not as believed are a result */
  writeTest(options: {
    readonly site: string;
    readonly person: string | undefined;
    readonly yes: boolean;
    readonly json: boolean;
  }): Promise<number>;
  /** @param file a list of addresses or ids, `-` for standard input; undefined for everybody with access */
  adopt(file: string | undefined, options: { readonly json: boolean }): Promise<void>;
  /** @returns the exit code: an operator who does not agree is a result */
  link(email: string, account: string, options: LinkWord & { readonly yes: boolean }): Promise<number>;
  /** @param who an e-mail address, or an id */
  deactivate(who: string): Promise<void>;
  /** @param options.for how long a release lasts, as typed */
  brake(action: 'status' | 'release', options: { readonly for?: string }): Promise<void>;
  /** @param what an e-mail address, userName or id of a person, or the name or id of a group */
  transfer(what: Transferred, caller: string): Promise<void>;
  plan(options: { readonly json: boolean }): Promise<void>;
  /** @returns the exit code: steps that failed, and no agreement, are results */
  applyPlanned(options: { readonly site: string | undefined; readonly yes: boolean }): Promise<number>;
  /** @returns the exit code: nobody found, and an Atlassian that could not be asked, are results */
  why(question: Question, options: { readonly json: boolean }): Promise<number>;
  /** @returns the exit code: differences, and what could not be compared, are results */
  drift(options: {
    readonly json: boolean;
    readonly repair: readonly RepairName[] | undefined;
    readonly yes: boolean;
  }): Promise<number>;
  /** @param sinceIso everything when undefined */
  auditExport(sinceIso: string | undefined, format: AuditFormatName): Promise<void>;
}
