import { accessGroups } from './accessGroups.js';
import { address } from './address.js';
import { backEnd } from './backEnd.js';
import { brake } from './brake.js';
import { callers } from './callers.js';
import type { Check } from './check.js';
import { clock } from './clock.js';
import { createRights } from './createRights.js';
import { expiry } from './expiry.js';
import { grantingGroups } from './grantingGroups.js';
import { jiraSearch } from './jiraSearch.js';
import { leavers } from './leavers.js';
import { mode } from './mode.js';
import { organizationKey } from './organizationKey.js';
import type { Questions } from './questions.js';
import { readRights } from './readRights.js';
import { records } from './records.js';
import { scopes } from './scopes.js';
import { roles } from './roles.js';
import { seatLimit } from './seatLimit.js';
import { seats } from './seats.js';
import { settings } from './settings.js';
import { tls } from './tls.js';
import { token } from './token.js';
import { toldExpiry } from './toldExpiry.js';
import { writeRights } from './writeRights.js';

/** What is asked of Atlassian. What others rest on comes first, so that it is the one to report a failure. */
export const SITE_CHECKS: readonly Check<Questions>[] = [
  address,
  token,
  clock,
  organizationKey,
  backEnd,
  grantingGroups,
  roles,
  accessGroups,
  readRights,
  writeRights,
  createRights,
  jiraSearch,
  seats,
];

/** What the doctor asks besides; nothing of it decides whether the bridge can start. */
export const DOCTOR_CHECKS: readonly Check<Questions>[] = [...SITE_CHECKS, scopes, toldExpiry];

/** What is asked of the configuration and the store. */
export const OWN_CHECKS = [settings, mode, expiry, tls, callers, records, brake, leavers, seatLimit] as const;
