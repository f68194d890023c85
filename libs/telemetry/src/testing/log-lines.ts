/** A stream for a logger. A test can read its lines. */

export interface LogLines {
  write(line: string): void;
  /** Each line as written. */
  readonly raw: readonly string[];
  /** Each line parsed. */
  parsed(): readonly Readonly<Record<string, unknown>>[];
}

export function logLines(): LogLines {
  const raw: string[] = [];
  return {
    raw,
    write: (line) => {
      raw.push(line);
    },
    parsed: () => raw.map((line): Readonly<Record<string, unknown>> => JSON.parse(line)),
  };
}
