import { REMOVE_ACCESS } from '../provisioning/leaverRoles.js';
import { sayRole } from '../provisioning/roles.js';
import type { StoreGlance } from '../store/glance.js';
import type { Check, Observation } from './check.js';

const MAX_NAMED = 10;

/** What has piled up in the store that somebody should look at? */
export const records: Check<{ readonly store: () => Promise<StoreGlance> }> = {
  name: 'records',
  async observe({ store }) {
    const glance = await store();
    switch (glance.kind) {
      case 'absent':
        return [{ status: 'ok', message: 'There is no database yet; serve makes it.' }];
      case 'older':
        return [{ status: 'unknown', message: 'The database is of an older release; serve brings it up to date.' }];
      case 'newer':
        return [
          {
            status: 'failed',
            message: 'The database was written by a newer release of the bridge.',
            remedy: 'Start that release, or restore the backup made before the upgrade.',
          },
        ];
      case 'read': {
        const remarks = remark(glance);
        return remarks.length > 0
          ? remarks
          : [{ status: 'ok', message: 'The records hold nothing that needs a look.' }];
      }
    }
  },
};

function remark({
  renamed,
  superseded,
  invitedAt,
  leavers,
  writeTests,
}: Extract<StoreGlance, { kind: 'read' }>): readonly Observation[] {
  const remarks: Observation[] = [];
  if (renamed.length > 0) {
    const names = renamed.map(({ displayName, confluenceName }) => `"${displayName}" is "${confluenceName}"`);
    remarks.push({
      status: 'warning',
      message: `Groups have another name in Confluence than in the identity provider: ${some(names)}.`,
      remedy: 'Rename them in Atlassian administration where both should agree; members are right in any case.',
    });
  }
  if (superseded.length > 0) {
    remarks.push({
      status: 'warning',
      message: `Users are still active though another user of their identity provider took over their externalId: ${some(superseded)}.`,
      remedy: 'See in the identity provider whether they left; DELETE /Users/{id} takes their access.',
    });
  }
  const [oldest] = invitedAt;
  if (oldest !== undefined) {
    remarks.push({
      status: 'warning',
      message: `Invited people have no account yet: ${invitedAt.length}, the first since ${oldest}.`,
      remedy: 'If they work in Confluence already, their address is hidden: link them with the command link.',
    });
  }
  const kept = leavers.flatMap(({ personId, roles }) =>
    roles === undefined ? [] : [`${personId} (${roles.map(sayRole).join(', ')})`],
  );
  if (kept.length > 0) {
    remarks.push({
      status: 'warning',
      message: `People who left have roles on the site that the bridge cannot take: ${some(kept)}.`,
      remedy: REMOVE_ACCESS,
    });
  }
  const unseen = leavers.length - kept.length;
  if (unseen > 0) {
    remarks.push({
      status: 'unknown',
      message: `Whether people who left have roles on the site could not be looked at: ${unseen}.`,
      remedy: 'See what is said of the roles; the next scans look again.',
    });
  }
  if (writeTests > 0) {
    remarks.push({
      status: 'warning',
      message: 'A write test is running, or left something on the site that is not taken away yet.',
      remedy: 'When none is running, run doctor again; serve looks at each start, too.',
    });
  }
  return remarks;
}

function some(texts: readonly string[]): string {
  const more = texts.length - MAX_NAMED;
  return [...texts.slice(0, MAX_NAMED), ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
}
