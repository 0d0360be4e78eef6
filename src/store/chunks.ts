/** Rows or values of one statement; far below the number of parameters either database takes. */
const PER_STATEMENT = 500;

/** Cuts a list into pieces that one statement can take; none for an empty list. */
export function chunks<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / PER_STATEMENT) }, (_, index) =>
    items.slice(index * PER_STATEMENT, (index + 1) * PER_STATEMENT),
  );
}
