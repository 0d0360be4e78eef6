import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { ApiDocument } from './document.js';
import { EVIDENCE_KINDS } from './evidence.js';
import type { Place } from './place.js';

/** One thing that the bridge relies on, as `x-beliefs` in `openapi/upstream.yaml` lists it. */
const beliefShape = z.strictObject({
  id: z.string().min(1),
  /** What Atlassian does. */
  behaviour: z.string().min(1),
  evidence: z.enum(EVIDENCE_KINDS),
  source: z.string().min(1),
  /** What Atlassian may answer, the believed and the feared. */
  answers: z.array(z.string().min(1)).min(1),
  /** Titles of the tests that play the answers, as they stand in the source; tables keep their `%s`. */
  test: z.array(z.string().min(1)).min(1),
});

/** A belief, and what it is about: an operation, or every one. */
export type Belief = z.infer<typeof beliefShape> & { readonly about: string };

/**
 * All beliefs of a document, those about every operation last.
 *
 * @throws Error when one lacks something, or an operation has none
 */
export function beliefsOf({ operations }: ApiDocument, root: Place): readonly Belief[] {
  return [...operations.flatMap(({ id, place }) => read(place, id)), ...read(root, 'every operation')];
}

function read(place: Place, about: string): readonly Belief[] {
  const beliefs = z
    .array(beliefShape)
    .min(1, `There are no beliefs about ${about}.`)
    .parse(place.at('x-beliefs')?.value);
  return beliefs.map((belief) => ({ ...belief, about }));
}

/** All texts in quotes in the sources of the tests: every title is among them. */
export function textsOfTests(): ReadonlySet<string> {
  const folder = fileURLToPath(new URL('..', import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const texts = files.flatMap((file) => {
    const source = readFileSync(join(folder, file), 'utf8');
    return [...source.matchAll(/(['"`])((?:\\.|(?!\1)[^\\\n])*)\1/g)].map(([, , text = '']) =>
      text.replace(/\\(.)/g, '$1'),
    );
  });
  return new Set(texts);
}
