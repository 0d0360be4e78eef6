import type { Config } from '../config.js';
import type { Check, Observation } from './check.js';

/** Which settings are allowed, but have effects that somebody may not expect? */
export const settings: Check<{ readonly config: Config }> = {
  name: 'settings',
  observe({ config }) {
    const doubts: readonly Observation[] = [
      ...config.warnings.map((message) => ({ status: 'warning', message }) as const),
      ...(config.deactivation === 'suspend' ? [SUSPEND] : []),
      ...(config.testAddresses.length > 0 ? [TESTS] : []),
    ];
    return Promise.resolve(
      doubts.length > 0 ? doubts : [{ status: 'ok', message: 'No setting is out of the ordinary.' }],
    );
  },
};

const TESTS: Observation = {
  status: 'warning',
  message:
    'People whose address fits TEST_ADDRESSES are answered as if they had access, and nobody invites them: they are for connection tests.',
  remedy: 'If a real person cannot enter Confluence for that, take the pattern out of TEST_ADDRESSES',
};

const SUSPEND: Observation = {
  status: 'warning',
  message:
    'DEACTIVATION=suspend shuts a deactivated person out of every app of the organization, on every site, not only out of Confluence.',
  remedy: 'If only Confluence is meant, set DEACTIVATION=access-groups',
};
