import type { IndexedGroup } from '../provisioning/indexRecords.js';
import { givesRights, type Role, rolesElsewhere, sayRole } from '../provisioning/roles.js';
import { type Check, failed, type Observation } from './check.js';
import type { GroupRoles, Questions } from './questions.js';

/** What do the groups that matter give by role assignments, and does that fit what Confluence lists (rules SA1, GR1)? */
export const roles: Check<Questions> = {
  name: 'roles',
  async observe(questions) {
    if (questions.config.site.organization === undefined) return [];
    const known = await questions.groupRoles();
    if (known === undefined) return [];
    const trouble = troubleOf(known);
    if (trouble !== undefined && !known.isBelieved) return [trouble];
    const granting = await questions.grantingGroups();
    const rows = known.groups.flatMap(({ id, name }) => {
      const found = known.roles.get(id);
      return found === undefined
        ? []
        : describe(
            name,
            found,
            granting.find((group) => group.id === id),
          );
    });
    return [...(trouble === undefined ? [] : [trouble]), ...rows];
  },
};

function troubleOf({ failure, isBelieved }: GroupRoles): Observation | undefined {
  if (failure !== undefined) {
    const { message, remedy } = failed(failure);
    return {
      status: 'warning',
      certainty: 'unknown',
      message: `${message} So Confluence's list, and the names of groups, decide what they grant.`,
      ...(remedy === undefined ? {} : { remedy }),
    };
  }
  if (isBelieved) return undefined;
  return {
    status: 'warning',
    certainty: 'unknown',
    message:
      'By role assignments no group has a role on this site, which is not believed: Confluence lists groups that grant access to it.',
    remedy: 'Check that ATLASSIAN_ORG_ID is the organization of this site, and make its key anew, without scopes.',
  };
}

/** One line for what the group gives, and one more for what whoever leaves it loses besides. */
function describe(name: string, found: readonly Role[], granting: IndexedGroup | undefined): readonly Observation[] {
  const given = found.length === 0 ? 'no role' : found.map(sayRole).join(', ');
  const listed = granting === undefined ? '' : `; it grants access to Confluence (${granting.accessTypes.join(', ')})`;
  const isLocked = givesRights(found) ? ', and SCIM never changes it' : '';
  const row: Observation = {
    status: 'ok',
    certainty: 'proved',
    message: `"${name}" has ${given}${listed}${isLocked}.`,
  };
  const elsewhere = rolesElsewhere(found);
  if (granting === undefined || elsewhere.length === 0) return [row];
  return [
    row,
    {
      status: 'warning',
      message: `Whoever is deactivated leaves "${name}", and loses ${elsewhere.map(sayRole).join(', ')}, too.`,
      remedy: 'Give other apps by groups of their own, if that is not meant.',
    },
  ];
}
