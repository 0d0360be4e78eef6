import type { App } from '../app.js';
import type { Config } from '../config.js';
import type { Clock } from '../provisioning/call.js';
import type { Store } from '../provisioning/store.js';
import type { Sandbox } from '../sandbox/server.js';
import { adoptingPeople } from './adopting.js';
import { brakingWave } from './braking.js';
import type { ScimClient } from './client.js';
import { driftingApart } from './drifting.js';
import { explainingAccess } from './explaining.js';
import { owningPeople } from './owning.js';
import { scopingToken } from './scoping.js';
import { grantingByFact } from './roles.js';
import { observingFirst } from './observing.js';
import { writeTesting } from './writeTesting.js';

/** What a chapter plays on: a site, a bridge, and identity providers. */
export interface Stage {
  readonly scim: ScimClient;
  /** The same bridge for another identity provider. */
  readonly second: ScimClient;
  readonly sandbox: Sandbox;
  readonly app: App;
  readonly config: Config;
  readonly store: Store;
  readonly clock: Clock;
  readonly print: (text: string) => void;
}

/** A part of the longer story (`demo --full`). It prints what is to be seen. */
export interface Chapter {
  readonly title: string;
  /** @throws Error when something is not as it should be */
  readonly play: (stage: Stage) => Promise<void>;
}

/** In the order in which they are told, after the default story, on the same site. */
export const CHAPTERS: readonly Chapter[] = [
  explainingAccess,
  adoptingPeople,
  observingFirst,
  owningPeople,
  driftingApart,
  brakingWave,
  grantingByFact,
  writeTesting,
  scopingToken,
];
