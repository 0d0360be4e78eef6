import { describe, expect, it } from '@jest/globals';
import { databaseDoubts, databasePlace, databaseSecrets } from '../src/databaseAddress.js';

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

describe('databasePlace', () => {
  it('is told without user and password [SA7]', () => {
    expect(databasePlace('file:///var/lib/bridge.db')).toBe('/var/lib/bridge.db');
    expect(databasePlace('postgres://ada:sec%2Fret@db.acme.com:5433/bridge?options=-c%20search_path%3Dours')).toBe(
      'db.acme.com:5433/bridge -c search_path=ours',
    );
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
