/** Chance that can be had again: the same seed gives the same numbers. */
export interface Random {
  /** From 0 to below 1. */
  next(): number;
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number;
  chance(probability: number): boolean;
  /** @throws Error for an empty list */
  pick<T>(items: readonly T[]): T;
  /** Some of them, at least `least`, in their order. */
  some<T>(items: readonly T[], least?: number): T[];
  /** A source of its own, so that who draws from it disturbs nobody else's numbers. */
  fork(): Random;
}

/** Mulberry32. @param seed its lowest 32 bits count */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  const pick = <T>(items: readonly T[]): T => {
    const item = items[below(items.length)];
    if (item === undefined) throw new Error('There is nothing to pick from.');
    return item;
  };
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick,
    some(items, least = 0) {
      const chosen = items.filter(() => next() < 0.5);
      return chosen.length >= least ? chosen : items.slice(0, least);
    },
    fork: () => createRandom(below(2 ** 32)),
  };
}

/** For a run that is to be like no other. */
export function anySeed(): number {
  return Math.floor(Math.random() * 2 ** 32);
}
