import { describe, expect, it } from '@jest/globals';
import { createLogger, type LoggerOptions } from '../../src/observability/logger.js';
import { captureLines } from './lines.js';

function startLogger(options: Partial<LoggerOptions> = {}) {
  const lines = captureLines();
  const now = (): number => Date.UTC(2026, 10, 25, 21, 8, 9, 7);
  const logger = createLogger({ level: 'info', format: 'json', now, ...options, stream: lines.stream });
  return { logger, lines };
}

describe('a json logger', () => {
  it('writes one object on one line', () => {
    const { logger, lines } = startLogger();
    logger.info('user.provisioned', { subject: '42', note: 'two\nlines' });
    logger.warn('coped');
    expect(lines.text()).toBe(
      '{"time":"2026-11-25T21:08:09.007Z","level":"info","message":"user.provisioned","subject":"42","note":"two\\nlines"}\n' +
        '{"time":"2026-11-25T21:08:09.007Z","level":"warn","message":"coped"}\n',
    );
  });

  it('lets no field replace or lengthen the message', () => {
    const { logger, lines } = startLogger();
    logger.info('request', { message: 'other', level: 'error', time: 'never', splat: ['%s'] });
    expect(lines.json()).toEqual([
      { time: '2026-11-25T21:08:09.007Z', level: 'info', message: 'request', splat: ['%s'] },
    ]);
  });

  it('drops what is below its level', () => {
    const { logger, lines } = startLogger({ level: 'warn' });
    logger.info('dropped');
    logger.debug('dropped');
    logger.error('kept');
    expect(lines.json().map(({ message }) => message)).toEqual(['kept']);
  });

  it('shows an error in a field with its code and its cause', () => {
    const { logger, lines } = startLogger();
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    logger.error('failed', { error: new TypeError('outer', { cause }) });
    expect(lines.json()[0]).toMatchObject({
      error: { name: 'TypeError', message: 'outer', cause: { code: 'ECONNREFUSED', message: 'refused' } },
    });
  });

  it('writes no secret and no address, in messages, fields, errors or keys [SA7]', () => {
    const { logger, lines } = startLogger({ secrets: ['s3cret-of-the-site'] });
    const error = new Error('GET /x?key=s3cret-of-the-site for lovelace@acme.com', {
      cause: 'Basic bG92ZWxhY2VAYWNtZS5jb206c2VjcmV0',
    });
    logger.error('for lovelace@acme.com with s3cret-of-the-site', {
      error,
      deep: [{ headers: { authorization: 'Bearer xyzzy', cookie: 'xyzzy' }, email: 'xyzzy', 'lovelace@acme.com': 1 }],
    });
    expect(lines.text()).not.toMatch(/s3cret|lovelace|xyzzy|bG92ZWxhY2/);
  });
});

describe('a pretty logger', () => {
  it('writes for a person, the stack of an error and of its cause below the line', () => {
    const { logger, lines } = startLogger({ format: 'pretty' });
    logger.error('failed', {
      requestId: 'r-1',
      caller: undefined,
      error: new Error('outer', { cause: new Error('inner') }),
    });

    const [first, ...rest] = lines.text().trimEnd().split('\n');

    expect(first).toBe(
      '21:08:09.007 error failed requestId="r-1" ' +
        'error={"name":"Error","message":"outer","cause":{"name":"Error","message":"inner"}}',
    );
    expect(rest[0]).toMatch(/^ {4}at .*logger\.test\.ts/);
    expect(rest).toContain('    caused by');
  });

  it('lets no text begin a line of its own or steer the terminal', () => {
    const { logger, lines } = startLogger({ format: 'pretty' });
    logger.info('a\nb\u001b[2J', { 'key\r': '\u009bx\n' });
    expect(lines.text()).toMatch(/^[^\p{Cc}]*\n$/u);
  });
});
