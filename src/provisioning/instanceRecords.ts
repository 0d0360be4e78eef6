/** A bridge that serves. */
export interface Instance {
  /** Made anew at each start. */
  readonly id: string;
  /** By the name of a setting what stands for its value: equal for equal values, and telling nothing more. */
  readonly settings: Readonly<Record<string, string>>;
  /** When it last said that it is there, milliseconds since the epoch. */
  readonly seenAtMs: number;
}

/** Which bridges serve from this store at the moment (rule SA17). */
export interface InstanceRecords {
  list(): Promise<readonly Instance[]>;
  /** Replaces what was known of the instance. */
  put(instance: Instance): Promise<void>;
  remove(id: string): Promise<void>;
  /** Forgets those that were not seen since: they died without a word. */
  prune(beforeMs: number): Promise<void>;
}
