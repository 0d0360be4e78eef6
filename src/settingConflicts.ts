import type { SettingProblem } from './config.js';
import { matchesPattern } from './patterns.js';
import { EXAMPLE_SECRET, SETTINGS, type SettingName, type SettingValues } from './settings.js';
import { isLoopback } from './settingValues.js';

/** Settings that are right alone and wrong together. Those that could not be read are left out: they are reported already. */
export function conflicts(values: Partial<SettingValues>): SettingProblem[] {
  const problems: SettingProblem[] = [];
  const has = (name: SettingName): boolean => !(name in values) || values[name] !== undefined;
  if (has('ATLASSIAN_ORG_ID') && !has('ATLASSIAN_ORG_API_KEY')) {
    problems.push(problemOf('ATLASSIAN_ORG_API_KEY', 'is missing: ATLASSIAN_ORG_ID is set, and each needs the other'));
  }
  if (has('ATLASSIAN_ORG_API_KEY') && !has('ATLASSIAN_ORG_ID')) {
    problems.push(problemOf('ATLASSIAN_ORG_ID', 'is missing: ATLASSIAN_ORG_API_KEY is set, and each needs the other'));
  }
  if (has('TLS_CERT_FILE') && !has('TLS_KEY_FILE')) {
    problems.push(problemOf('TLS_KEY_FILE', 'is missing: TLS_CERT_FILE is set, and each needs the other'));
  }
  if (has('TLS_KEY_FILE') && !has('TLS_CERT_FILE')) {
    problems.push(problemOf('TLS_CERT_FILE', 'is missing: TLS_KEY_FILE is set, and each needs the other'));
  }
  if (has('TLS_CERT_FILE') && values.PUBLIC_URL?.startsWith('http:') === true) {
    problems.push(problemOf('PUBLIC_URL', 'must begin with https://, since TLS_CERT_FILE makes the bridge speak TLS'));
  }
  if (values.DEACTIVATION === 'suspend' && !has('ATLASSIAN_ORG_ID') && !has('ATLASSIAN_ORG_API_KEY')) {
    const problem = 'can be suspend only with ATLASSIAN_ORG_ID and ATLASSIAN_ORG_API_KEY';
    problems.push(problemOf('DEACTIVATION', problem));
  }
  const secrets = values.SCIM_TOKENS?.flatMap((caller) => caller.secrets) ?? [];
  if (secrets.includes(EXAMPLE_SECRET) && !staysLocal(values)) {
    const problem = 'holds the secret of the example, which everybody knows; make one with: openssl rand -hex 24';
    problems.push(problemOf('SCIM_TOKENS', problem));
  }
  if (secrets.some((secret) => secret === values.ATLASSIAN_API_TOKEN || secret === values.ATLASSIAN_ORG_API_KEY)) {
    problems.push(problemOf('SCIM_TOKENS', 'must not hold a credential of Atlassian'));
  }
  const { DEFAULT_EMAIL_DOMAIN: domain, ALLOWED_EMAIL_DOMAINS: allowed } = values;
  if (domain !== undefined && allowed?.some((pattern) => matchesPattern(pattern, domain)) === false) {
    problems.push(problemOf('DEFAULT_EMAIL_DOMAIN', 'is not among ALLOWED_EMAIL_DOMAINS, so nobody could be invited'));
  }
  return problems;
}

/** With a valid value to show beside it. */
export function problemOf(setting: SettingName, problem: string): SettingProblem {
  return { setting, problem, example: SETTINGS[setting].example };
}

/** Whether nobody but this machine reaches the bridge, as far as the settings tell. */
export function staysLocal({ HOST, PUBLIC_URL }: Partial<SettingValues>): boolean {
  return (
    (HOST === undefined || isLoopback(HOST)) && (PUBLIC_URL === undefined || isLoopback(new URL(PUBLIC_URL).hostname))
  );
}
