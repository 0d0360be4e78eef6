import { audit } from './auditing.js';
import type { Call } from './call.js';
import type { Dependencies } from './dependencies.js';
import { Failure } from './failure.js';
import { ownerBefore } from './ownership.js';

/** What a transfer asks nobody upstream for. */
export type TransferDependencies = Pick<Dependencies, 'store' | 'clock'>;

/**
 * Makes a caller the owner of a person (rule SA12), by order of the operator. Access stays as it is.
 *
 * @returns the owner before
 * @throws Failure `notFound` when no record has the id
 */
export async function transferPerson(
  id: string,
  caller: string,
  deps: TransferDependencies,
  call: Call,
): Promise<string | undefined> {
  return deps.store.locks.withLock(`person:${id}`, call, (held) =>
    deps.store.transaction(async (records) => {
      const link = await records.people.find(id);
      if (link === undefined) throw new Failure('notFound', 'The record is gone. Look whether the user was deleted.');
      await records.people.update(id, { owner: caller });
      await audit(records, deps, held, {
        event: 'user.transferred',
        subject: id,
        decision: 'SA12 transfer',
        result: 'done',
        note: `Given to ${caller}. ${ownerBefore(link.owner)}`,
      });
      return link.owner;
    }),
  );
}

/**
 * Makes a caller the owner of a group and of all memberships in it that have an owner, by order of the operator.
 *
 * @returns the owner before
 * @throws Failure `notFound` when no identity provider keeps a group of the id
 */
export async function transferGroup(
  id: string,
  caller: string,
  deps: TransferDependencies,
  call: Call,
): Promise<string | undefined> {
  return deps.store.locks.withLock(`group:${id}`, call, (held) =>
    deps.store.transaction(async (records) => {
      const link = await records.groups.find(id);
      if (link === undefined || link.isReleased)
        throw new Failure(
          'notFound',
          'No identity provider keeps this group. It belongs to the first that changes it.',
        );
      await records.groups.update(id, { owner: caller });
      await records.membershipOwners.transfer(id, caller);
      await audit(records, deps, held, {
        event: 'group.transferred',
        subject: id,
        decision: 'SA12 transfer',
        result: 'done',
        note: `Given to ${caller}, with its members. ${ownerBefore(link.owner)}`,
      });
      return link.owner;
    }),
  );
}
