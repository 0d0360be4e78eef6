/** Exit codes of the process, after BSD's `sysexits.h`. */
export const EXIT_CODES = {
  ok: 0,
  /** A bug. */
  failure: 1,
  /** A command line that cannot be read. */
  usage: 64,
  /** The address to listen at is taken or not ours. */
  unavailable: 69,
  /**
   * Something that is needed is away: the database, so that the bridge could not start, whoever read its log, or Atlassian,
   * so that what was printed rests on the record alone. Trying again, without a change, may help.
   */
  tryAgain: 75,
  /** The configuration is wrong; starting again without a change is pointless. */
  configuration: 78,
} as const;

/** An end of the process that the operator can do something about: `message` is printed as it is, without a stack. */
export class ExitError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.exitCode = exitCode;
  }
}
