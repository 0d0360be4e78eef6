import type { Evidence } from './evidence.js';

/** Where the sandbox or the bridge follows what Atlassian's service does against what Atlassian's document says. */
export interface Disagreement {
  readonly operations: RegExp;
  readonly part: 'call' | 'answer';
  /** In the words of the judge. */
  readonly problem: RegExp;
  readonly reason: string;
  readonly evidence: Evidence;
  readonly source: string;
}

/** Statuses that a document leaves out are not here: `x-evidence` in `openapi/upstream.yaml` speaks for each. */
export const DISAGREEMENTS: readonly Disagreement[] = [
  {
    operations: /^organization\.(suspendUser|restoreUser)$/,
    part: 'call',
    problem: /^there is a body where none is described$/,
    reason: 'without a body the service answers 415',
    evidence: 'measured',
    source: 'a published PowerShell script for suspending many people',
  },
  {
    operations: /^confluence\.(listGroups|searchGroups|listMemberships|getGroup|createGroup)$/,
    part: 'answer',
    problem: /^20[01] (\/results\/\*)?\/resourceAri is not a known property$/,
    reason: 'sent with every group, in no document',
    evidence: 'measured',
    source: 'https://github.com/MrRefactoring/confluence.js CHANGELOG.md 3.0.1',
  },
  {
    operations: /^confluence\.checkAccessByEmail$/,
    part: 'answer',
    problem: /^200 \/noAccessEmails is not a known property$/,
    reason: 'sent beside the lists that are described',
    evidence: 'measured',
    source: 'https://github.com/MrRefactoring/confluence.js CHANGELOG.md 3.0.1',
  },
  {
    operations: /^confluence\.usersBulk$/,
    part: 'answer',
    problem: /^200 \/results\/\*\/(timeZone|personalSpaceId) must be string$/,
    reason: 'the type is a text only, the words beside it say that it may be null',
    evidence: 'documented',
    source: 'https://developer.atlassian.com/cloud/confluence/rest/v2/ schema User',
  },
  {
    operations: /^confluence\.usersBulk$/,
    part: 'answer',
    problem: /^200 \/results\/\*\/email must be string$/,
    reason: 'v1 hides an address by null, too; that v2 does so is likely',
    evidence: 'assumed',
    source: 'https://developer.atlassian.com/cloud/confluence/rest/v1/ schema User',
  },
  {
    operations: /^jira\.getMyPermissions$/,
    part: 'answer',
    problem: /^401 (must NOT have additional properties \((code|message)\)|\/(code|message) is not a known property)$/,
    reason: 'the gateway refuses a token in words of its own',
    evidence: 'measured',
    source: 'https://github.com/kovetskiy/mark/issues/917',
  },
  {
    operations: /^jira\.getMyPermissions$/,
    part: 'answer',
    problem: /^404 is text\/html$/,
    reason: 'a site without Jira has nobody to answer in the way of Jira',
    evidence: 'assumed',
    source: 'what a web server says of a page it lacks',
  },
];
