import type { Environment, SettingProblem } from './config.js';
import type { UpstreamProxy } from './networkValues.js';

/** With this variable Node takes anybody for Atlassian, and would hand over the credentials. */
export function uncheckedCertificates(env: Environment): SettingProblem[] {
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] !== '0') return [];
  const problem =
    'is 0, which would give the credentials to anybody who pretends to be Atlassian; take it away, and name a certificate authority of your own in NODE_EXTRA_CA_CERTS';
  return [{ setting: 'NODE_TLS_REJECT_UNAUTHORIZED', problem, example: undefined }];
}

/** Whoever needs a proxy waits in vain for the variable that other programs obey. */
export function ignoredProxy(env: Environment, proxy: UpstreamProxy | undefined): string[] {
  const name = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'].find((variable) => Boolean(env[variable]));
  if (name === undefined || proxy !== undefined) return [];
  return [`${name} is ignored. Set UPSTREAM_PROXY if the way to Atlassian leads through a proxy.`];
}
