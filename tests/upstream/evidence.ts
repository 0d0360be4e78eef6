import type { Place } from './place.js';

/** How sure it is that Atlassian behaves so: its own word, somebody's trial, somebody's word, or nobody's. */
export const EVIDENCE_KINDS = ['documented', 'measured', 'reported', 'assumed'] as const;
export type Evidence = (typeof EVIDENCE_KINDS)[number];

/** Extension of `openapi/upstream.yaml` for what Atlassian's document of the operation does not say. */
const EVIDENCE = 'x-evidence';

export function isEvident(place: Place): boolean {
  return place.at(EVIDENCE) !== undefined;
}

/** Pointers to evidence of no known kind or without a source, anywhere below a place. */
export function badEvidence(place: Place): readonly string[] {
  const here = place.at(EVIDENCE);
  const isGood =
    here === undefined ||
    (EVIDENCE_KINDS.some((kind) => kind === here.text('evidence')) && (here.text('source') ?? '') !== '');
  return [...(isGood ? [] : [place.pointer.join('/')]), ...place.children().flatMap(badEvidence)];
}
