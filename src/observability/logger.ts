import { createLogger as createWinston, format, transports, config as winstonConfig } from 'winston';
import type { LogFields, Logger } from './log.js';
import { createRedactor } from './redact.js';

export interface LoggerOptions {
  /** One of winston's npm levels; lines below it are dropped. */
  readonly level: string;
  /** `json`: one object per line. `pretty`: for a person at a terminal. */
  readonly format: 'json' | 'pretty';
  /** Texts that never appear in any line; see `secretsOf`. */
  readonly secrets?: readonly string[];
  /** Standard output when absent. */
  readonly stream?: NodeJS.WritableStream;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** A line before it is rendered, already free of secrets. */
interface Line {
  readonly time: string;
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A logger that can be told of more secrets. */
export interface RedactingLogger extends Logger {
  /** Texts that never appear in any line from now on; those before are not forgotten. */
  redact(secrets: readonly string[]): void;
  /** What would be written, for a process that has no time left to write it; without the end of the line. */
  line(level: keyof Logger, message: string, fields?: LogFields): string;
}

/** Logs through winston. Every line passes the redactor, so no other part has to think of it (rule SA7). */
export function createLogger(options: LoggerOptions): RedactingLogger {
  const redactor = createRedactor(options.secrets ?? []);
  const now = options.now ?? Date.now;
  const render = options.format === 'json' ? renderJson : renderPretty;
  const line = (level: string, message: string, fields: unknown = {}): string =>
    render({
      time: new Date(now()).toISOString(),
      level,
      message: redactor.text(message),
      fields: redactor.value(fields) as Record<string, unknown>,
    });
  const winston = createWinston({
    level: options.level,
    levels: winstonConfig.npm.levels,
    format: format.printf((info) => line(info.level, String(info.message), info['fields'])),
  });
  // What `transports: […]` does too; winston's types describe its built-in transports as interfaces, not as classes.
  winston.pipe(new transports.Stream({ stream: options.stream ?? process.stdout }));

  // The fields travel under one key: winston appends a field called `message` to the text and copies errors badly.
  const at = (level: keyof Logger) => (message: string, fields?: LogFields) => {
    winston.log({ level, message, fields });
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    redact: (more) => redactor.learn(more),
    line,
  };
}

function renderJson({ fields, ...line }: Line): string {
  return JSON.stringify({ ...line, ...fields, ...line });
}

function renderPretty({ time, level, message, fields }: Line): string {
  const stacks: string[] = [];
  const words = Object.entries(fields).flatMap(([key, value]) => {
    if (value === undefined) return [];
    stacks.push(...stackLines(value));
    return [`${key}=${JSON.stringify(withoutStack(value))}`];
  });
  const first = [time.slice(11, 23), level.padEnd(5), message, ...words].map(onOneLine).join(' ');
  return [first, ...stacks.map((line) => `    ${onOneLine(line)}`)].join('\n');
}

/** The stack of a rendered error and of its causes, to be shown line by line. */
function stackLines(value: unknown): string[] {
  if (!isRenderedError(value)) return [];
  const { stack, cause } = value;
  const causes = stackLines(cause);
  return [...stack.map(String), ...(causes.length > 0 ? ['caused by', ...causes] : [])];
}

function withoutStack(value: unknown): unknown {
  if (!isRenderedError(value)) return value;
  const rest = Object.entries(value).filter(([key]) => key !== 'stack');
  return Object.fromEntries(rest.map(([key, inner]) => [key, key === 'cause' ? withoutStack(inner) : inner]));
}

function isRenderedError(value: unknown): value is { stack: readonly unknown[]; cause?: unknown } {
  return typeof value === 'object' && value !== null && 'stack' in value && Array.isArray(value.stack);
}

/** No text from outside may begin a line of its own or move the cursor. */
function onOneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
