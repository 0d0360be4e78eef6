/** What a log line says beside its message. Keys that name secrets or personal data are redacted by the logger. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * What the parts of the bridge log through; they need not know winston.
 *
 * `error`: someone must act, and the message says where. `warn`: we coped. `info`: access changed, the process began or
 * ended. `debug`: upstream calls. Messages are fixed sentences; what varies goes into `fields`, an error as `error`.
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}
