import { describe, expect, it } from '@jest/globals';
import { parseOptions, UsageError } from '../../scripts/compliance/options.js';

const NAMES = ['scim-sanity', 'schemathesis'];
const URL = 'https://scim.example.com/scim/v2';

function options(line: string, env: NodeJS.ProcessEnv = {}) {
  return parseOptions(
    line.split(' ').filter((word) => word !== ''),
    env,
    NAMES,
  );
}

describe('npm run compliance', () => {
  it('runs all suites in all modes by default', () => {
    expect(options('')).toEqual({
      help: false,
      modes: ['put', 'reject', 'record'],
      suites: [],
      target: undefined,
      requireAll: false,
      writeTable: false,
      goSuite: undefined,
    });
  });

  it('narrows to the suites and the mode that are named', () => {
    expect(options('--suite scim-sanity --mode reject')).toMatchObject({ suites: ['scim-sanity'], modes: ['reject'] });
  });

  it('runs at a deployment in one mode, with the token of the environment', () => {
    expect(options(`--url ${URL}/ --throwaway`, { SCIM_TOKEN: 'from-the-environment' })).toMatchObject({
      target: { url: URL, token: 'from-the-environment' },
      modes: ['put'],
    });
  });

  it('refuses a deployment that nobody has called throwaway, and says what the suites do there', () => {
    expect(() => options(`--url ${URL} --token abc`)).toThrow(/create, change and delete users.*--throwaway/s);
  });

  it.each([
    ['--suite nothing'],
    ['--mode post'],
    ['--url here --token abc --throwaway'],
    [`--url ${URL} --throwaway`],
    ['--throwaway'],
    ['--token abc'],
    ['--write-table --mode put'],
    ['--write-table --suite scim-sanity'],
    ['--nonsense'],
    ['word'],
  ])('refuses %s', (line) => {
    expect(() => options(line)).toThrow(UsageError);
  });

  it('never repeats a token in what it says', () => {
    let words = '';
    try {
      options('--token very-secret');
    } catch (error) {
      words = String(error);
    }

    expect(words).toContain('--token');
    expect(words).not.toContain('very-secret');
  });
});
