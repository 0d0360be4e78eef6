import { describe, expect, it } from '@jest/globals';
import { databaseDoubts, databaseSecrets } from '../src/databaseAddress.js';

describe('databaseDoubts', () => {
  it.each([
    ['file:./data/bridge.db'],
    ['postgres://bridge:pw@127.0.0.1/bridge'],
    ['postgres://bridge:pw@[::1]/bridge'],
    ['postgres://bridge:pw@%2Fvar%2Frun%2Fpostgresql/bridge'],
    ['postgresql://bridge:pw@db.acme.com/bridge?sslmode=verify-full'],
  ])('has none about %s', (url) => {
    expect(databaseDoubts(url)).toEqual([]);
  });

  it.each([
    ['postgres://bridge:pw@db.acme.com/bridge', 'without TLS'],
    ['postgres://bridge:pw@db.acme.com/bridge?sslmode=disable', 'without TLS'],
    ['postgres://bridge:pw@db.acme.com/bridge?sslmode=require', 'does not check whose PostgreSQL'],
  ])('warns of %s', (url, words) => {
    expect(databaseDoubts(url)).toEqual([expect.stringContaining(words)]);
  });
});

describe('databaseSecrets', () => {
  it('are the password of PostgreSQL, as it is and as the URL spells it [SA7]', () => {
    const url = 'postgres://bridge:sec%2Fret@db.acme.com/bridge';

    expect(databaseSecrets(url)).toEqual([url, 'sec%2Fret', 'sec/ret']);
    expect(databaseSecrets('postgres://bridge@db.acme.com/bridge')).toEqual([]);
    expect(databaseSecrets('file:./data/bridge.db')).toEqual([]);
  });
});
