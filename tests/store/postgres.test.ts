import { afterAll, beforeAll, describe } from '@jest/globals';
import { openStore } from '../../src/store/open.js';
import { asSuperuser, hasPostgres, newSchema, type PostgresSchema, warnWithoutPostgres } from '../support/postgres.js';
import { describeStore } from './conformance.js';

warnWithoutPostgres('the store is not tried on PostgreSQL');

// Skipped, and said aloud, only where there is no PostgreSQL; in CI that is a failure.
(hasPostgres() ? describe : describe.skip)('with PostgreSQL', () => {
  let schema: PostgresSchema;
  beforeAll(async () => {
    schema = await newSchema();
  });
  afterAll(() => schema.drop());

  describeStore('PostgreSQL', {
    isShared: true,
    prepare: () =>
      Promise.resolve({
        open: (clock) => openStore({ url: schema.url, clock }),
        remove: () => schema.empty(),
      }),
    ageLeases: (ms) =>
      asSuperuser(async (client) => {
        await client.query('update locks set expires_at_ms = expires_at_ms - $1', [ms]);
      }, schema.url),
  });
});
