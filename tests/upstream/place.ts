/** A spot in an OpenAPI document. References on the way are followed, so that callers never meet one. */
export class Place {
  readonly #root: unknown;

  private constructor(
    root: unknown,
    /** Keys from the root of the document; a JSON pointer in parts. */
    readonly pointer: readonly string[],
    readonly value: unknown,
  ) {
    this.#root = root;
  }

  static root(document: unknown): Place {
    return new Place(document, [], document);
  }

  /** @returns undefined where the document has nothing */
  at(...keys: readonly string[]): Place | undefined {
    const [key, ...rest] = keys;
    if (key === undefined) return this;
    if (typeof this.value !== 'object' || this.value === null || !Object.hasOwn(this.value, key)) return undefined;
    const value = (this.value as Record<string, unknown>)[key];
    return new Place(this.#root, [...this.pointer, key], value).#target().at(...rest);
  }

  /** What an object or a list holds, by key. */
  entries(): readonly (readonly [string, Place])[] {
    if (typeof this.value !== 'object' || this.value === null) return [];
    return Object.keys(this.value).flatMap((key) => {
      const place = this.at(key);
      return place === undefined ? [] : [[key, place] as const];
    });
  }

  children(): readonly Place[] {
    return this.entries().map(([, place]) => place);
  }

  text(key: string): string | undefined {
    const value = this.at(key)?.value;
    return typeof value === 'string' ? value : undefined;
  }

  is(key: string): boolean {
    return this.at(key)?.value === true;
  }

  /** The texts of a list; none where there is no list. */
  texts(key: string): readonly string[] {
    const value = this.at(key)?.value;
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
  }

  /** @throws Error for a reference to nowhere or to another file */
  #target(): Place {
    if (typeof this.value !== 'object' || this.value === null || !('$ref' in this.value)) return this;
    const reference = this.value.$ref;
    if (typeof reference !== 'string') return this;
    const keys = reference.replace(/^#\//, '').split('/').map(unescaped);
    const target = reference.startsWith('#/') ? Place.root(this.#root).at(...keys) : undefined;
    if (target === undefined) throw new Error(`The document refers to ${reference}, which it does not have.`);
    return target;
  }
}

function unescaped(part: string): string {
  return decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
}
