import { afterEach, describe } from '@jest/globals';
import type { Clock } from '../../src/provisioning/call.js';
import type { Store } from '../../src/provisioning/store.js';
import { describeBrake } from './brakeSuite.js';
import { describeGroups } from './groupSuite.js';
import { describeIndex } from './indexSuite.js';
import { describeInstances } from './instanceSuite.js';
import { describeLists } from './listSuite.js';
import { describeLocks, describeSharedLocks } from './lockSuite.js';
import { describePeople } from './peopleSuite.js';
import { describeOwners } from './ownerSuite.js';
import { describePlan } from './planSuite.js';
import { ManualClock, type OpenStore } from './samples.js';
import { describeRoles } from './roleSuite.js';
import { describeReturns } from './returnSuite.js';
import { describeSeats } from './seatSuite.js';
import { describeTrail } from './trailSuite.js';
import { describeSharedTransactions, describeTransactions } from './transactionSuite.js';
import { describeWalks } from './walkSuite.js';
import { describeWrites } from './writeSuite.js';

/** A kind of store under test. */
export interface StoreKind {
  /** New, empty data; each `open` gives a store on it. */
  prepare(): Promise<{ open(clock: Clock): Promise<Store>; remove(): Promise<void> }>;
  /** Several stores can be open on the same data. */
  readonly isShared: boolean;
  /** Lets so much of all leases pass, where these go by the clock of the database. */
  readonly ageLeases?: (ms: number) => Promise<void>;
}

/** What every store promises (src/provisioning/store.ts), whatever it is made of. */
export function describeStore(name: string, kind: StoreKind): void {
  describe(`store on ${name}`, () => {
    const cleanUps: (() => Promise<void>)[] = [];
    let prepared: ReturnType<StoreKind['prepare']> | undefined;

    const open: OpenStore = async (clock = new ManualClock()) => {
      const isFirst = prepared === undefined;
      prepared ??= kind.prepare();
      const data = await prepared;
      if (isFirst) cleanUps.push(() => data.remove());
      const store = await data.open(clock);
      cleanUps.push(() => store.close());
      return store;
    };

    afterEach(async () => {
      for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
      prepared = undefined;
    });

    describePeople(open);
    describeReturns(open);
    describeGroups(open);
    describeOwners(open);
    describeTrail(open);
    describeWalks(open);
    describeWrites(open);
    describeIndex(open);
    describeBrake(open);
    describeRoles(open);
    describeSeats(open);
    describePlan(open);
    describeInstances(open);
    describeLists(open);
    describeTransactions(open);
    describeLocks(open);
    if (!kind.isShared) return;
    describeSharedTransactions(open);
    describeSharedLocks(open, async (clock, ms) => {
      await kind.ageLeases?.(ms);
      await clock.advance(ms);
    });
  });
}
