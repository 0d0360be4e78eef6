import type { Caller } from './client.js';
import type { Site } from './site.js';

export const TOKENS: Readonly<Record<Caller, string>> = {
  okta: 'okta-secret-0123456789abcdef',
  entra: 'entra-secret-0123456789abcdef',
};

/** What every bridge of these runs is started with. */
export function settingsOf(site: Site, databaseUrl: string): Readonly<Record<string, string>> {
  return {
    ...site.settings,
    SCIM_TOKENS: Object.entries(TOKENS)
      .map(([name, secret]) => `${name}:${secret}`)
      .join(','),
    DATABASE_URL: databaseUrl,
    // Far more people leave than an identity provider should send away.
    ACCESS_LOSS_LIMIT: '100000',
    GROUP_REMOVAL_LIMIT: 'off',
    LOG_LEVEL: 'error',
  };
}
