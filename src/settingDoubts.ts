import type { Environment } from './config.js';
import { databaseDoubts } from './databaseAddress.js';
import { SECRET_FILES } from './secretFiles.js';
import { staysLocal } from './settingConflicts.js';
import { EXAMPLE_SECRET, SETTINGS, type SettingValues } from './settings.js';
import { isLoopback } from './settingValues.js';
import { nearestWord } from './spelling.js';

/** Shorter names, HOST and PORT, resemble too many variables that have nothing to do with the bridge. */
const MIN_NAME_LENGTH_TO_COMPARE = 9;
const MAX_MISSPELT_LETTERS = 2;
/** Okta gives a request up after 60 seconds. */
const LONGEST_USEFUL_BUDGET_SECONDS = 55;

/** Variables that look like a setting and are none. */
export function misspellings(env: Environment): string[] {
  const known: readonly string[] = [...Object.keys(SETTINGS), ...Object.keys(SECRET_FILES)];
  const candidates = known.filter((name) => name.length >= MIN_NAME_LENGTH_TO_COMPARE);
  return Object.keys(env).flatMap((variable) => {
    if (known.includes(variable)) return [];
    const meant = nearestWord(variable.toUpperCase(), candidates, MAX_MISSPELT_LETTERS);
    return meant === undefined
      ? []
      : [`${variable} is not a setting of the bridge and is ignored. Was ${meant} meant?`];
  });
}

/** What is allowed but probably not meant, of settings without a problem. */
export function doubts(settings: SettingValues): string[] {
  const warnings: string[] = [];
  const { HOST, PUBLIC_URL, SCIM_TOKENS } = settings;
  if (SCIM_TOKENS.some((caller) => caller.secrets.includes(EXAMPLE_SECRET))) {
    warnings.push('SCIM_TOKENS holds the secret of the example, which everybody knows: good for a first try only.');
  }
  if (!isLoopback(HOST) && PUBLIC_URL === undefined) {
    warnings.push('PUBLIC_URL is not set, so meta.location names HOST, which an identity provider may not reach.');
  }
  if (PUBLIC_URL?.startsWith('http:') === true && !staysLocal({ PUBLIC_URL })) {
    warnings.push(
      'PUBLIC_URL is plain http: the tokens of SCIM_TOKENS can be read on the way. Set TLS_CERT_FILE and TLS_KEY_FILE, or put TLS in front.',
    );
  }
  if (settings.PROFILE_UPDATES === 'record') {
    warnings.push('PROFILE_UPDATES=record answers success to changes of profiles that Confluence never sees.');
  }
  if (settings.ACCESS_LOSS_LIMIT === 'off') {
    warnings.push('ACCESS_LOSS_LIMIT=off lets an identity provider gone wrong take the access of everybody.');
  }
  if (settings.GROUP_REMOVAL_LIMIT === 'off') {
    warnings.push('GROUP_REMOVAL_LIMIT=off lets an identity provider gone wrong empty every group it manages.');
  }
  warnings.push(...databaseDoubts(settings.DATABASE_URL));
  if (settings.REQUEST_BUDGET_SECONDS > LONGEST_USEFUL_BUDGET_SECONDS) {
    warnings.push('REQUEST_BUDGET_SECONDS is longer than identity providers wait; Okta gives up after 60 seconds.');
  }
  return warnings;
}
