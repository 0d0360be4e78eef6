import type { JsonObject } from '../../src/provisioning/store.js';
import { readPatch } from '../../src/scim/patchMessage.js';
import { planUserPatch } from '../../src/scim/patchUser.js';
import type { UserPatchPlan } from '../../src/scim/patchUser.js';
import { ENTERPRISE_URN, USER_URN } from '../../src/scim/userAttributes.js';
import { patch } from './patches.js';

/** A person as the bridge has her on record. */
export const profile: JsonObject = {
  displayName: 'Ada King',
  title: 'Dr',
  name: { givenName: 'Ada', familyName: 'King' },
  emails: [
    { value: 'ada@x.org', type: 'work', primary: true },
    { value: 'a@home.org', type: 'home' },
  ],
  [ENTERPRISE_URN]: { department: 'R&D', manager: { value: 'm1' } },
};
export const current = {
  userName: 'ada@x.org',
  profile,
  representation: {
    schemas: [USER_URN],
    id: 'id-1',
    externalId: 'e1',
    userName: 'ada@x.org',
    active: true,
    ...profile,
    meta: {},
  },
};

/** The plan of a PATCH of hers. */
export function plan(...operations: readonly unknown[]): UserPatchPlan {
  return planUserPatch(readPatch(patch(...operations), 'User'), current);
}

export const DEPARTMENT = `${ENTERPRISE_URN}:department`;
export const MANAGER = `${ENTERPRISE_URN}:manager`;
