import type { Config } from '../config.js';
import type { Check, Observation } from './check.js';

/** Which settings are allowed, but have effects that somebody may not expect? */
export const settings: Check<{ readonly config: Config }> = {
  name: 'settings',
  observe({ config }) {
    const doubts: readonly Observation[] = [
      ...config.warnings.map((message) => ({ status: 'warning', message }) as const),
      ...(config.deactivation === 'suspend' ? [SUSPEND] : []),
    ];
    return Promise.resolve(
      doubts.length > 0 ? doubts : [{ status: 'ok', message: 'No setting is out of the ordinary.' }],
    );
  },
};

const SUSPEND: Observation = {
  status: 'warning',
  message:
    'DEACTIVATION=suspend shuts a deactivated person out of every app of the organization, on every site, not only out of Confluence.',
  remedy: 'If only Confluence is meant, set DEACTIVATION=access-groups',
};
