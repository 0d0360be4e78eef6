/** Characters that move the cursor, colour, hide or reorder what a terminal shows, and halves of characters. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A text in one line as it may be shown on a terminal: names come from elsewhere and may hold anything. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/**
 * JSON in which such characters stand as escapes, so that it may be shown and still means the same.
 *
 * @param indent spaces; 0 for one line
 */
export function printableJson(value: unknown, indent: number): string {
  return JSON.stringify(value, undefined, indent).replace(UNSAFE, (character) =>
    character === '\n' ? character : asEscapes(character),
  );
}

function asEscapes(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

/** How far something is, for people who wait. */
export interface Progress {
  /** So many more steps are to come. */
  expect(steps: number): void;
  step(): void;
  /** Takes the bar away. */
  end(): void;
}

/** As `process.stderr`; `isTTY` is missing where the output goes elsewhere. */
export interface TerminalStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const BAR_WIDTH = 30;
const CLEAR_LINE = '\r\u001b[K';

/** A bar in one line of a terminal; nothing at all where the output goes elsewhere. */
export function progressBar(stream: TerminalStream, label: string): Progress {
  let done = 0;
  let total = 0;
  const draw = (): void => {
    if (stream.isTTY !== true) return;
    const filled = total === 0 ? 0 : Math.floor((Math.min(done, total) / total) * BAR_WIDTH);
    stream.write(
      `${CLEAR_LINE}${label} [${'#'.repeat(filled).padEnd(BAR_WIDTH, '.')}] ${done}/${Math.max(done, total)}`,
    );
  };
  return {
    expect(steps) {
      total += steps;
      draw();
    },
    step() {
      done += 1;
      draw();
    },
    end() {
      if (stream.isTTY === true) stream.write(CLEAR_LINE);
    },
  };
}
