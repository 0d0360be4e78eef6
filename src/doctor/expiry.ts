import type { Config } from '../config.js';
import { expiriesOf, type Expiry, expiryInWords, isKnown, renewal } from '../expiry.js';
import type { Check, Observation } from './check.js';

/** When do the credentials expire? Atlassian tells no credential its own end, so this is what the operator noted. */
export const expiry: Check<{ readonly config: Config; readonly now: () => number }> = {
  name: 'expiry',
  observe({ config, now }) {
    return Promise.resolve(expiriesOf(config.site).map((one) => (isKnown(one) ? noted(one, now()) : unknown(one))));
  },
};

function noted(one: Expiry & { readonly expiresAtMs: number }, nowMs: number): Observation {
  const { isDue, sentence } = expiryInWords(one, nowMs);
  return isDue ? { status: 'warning', message: sentence, remedy: renewal(one) } : { status: 'ok', message: sentence };
}

const WHERE: Readonly<Record<Expiry['credential'], { readonly lasts: string; readonly shown: string }>> = {
  site: {
    lasts: 'it lasts a year at most',
    shown: 'id.atlassian.com, Security, API tokens; of a service account at admin.atlassian.com',
  },
  organization: {
    lasts: 'it lasts a year at most, and a week unless its maker chose otherwise',
    shown: 'admin.atlassian.com, Settings, API keys',
  },
};

function unknown({ credential, name, setting }: Expiry): Observation {
  const { lasts, shown } = WHERE[credential];
  return {
    status: 'unknown',
    message: `When ${name} expires no call with it tells; ${lasts}.`,
    remedy: `Put the day into your calendar (${shown}), and set ${setting}=YYYY-MM-DD to be warned.`,
  };
}
