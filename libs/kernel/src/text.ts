/** Words of texts for people and programs. */

/** Returns a number with its noun in singular or plural: `1 task`, `3 tasks`, `2 entries`. */
export function counted(count: number, singular: string, many = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : many}`;
}

/**
 * Returns a whole number with commas: `4,194,304`. `toLocaleString` returns the same text, and its first call reads 7 MiB of
 * locales into the process.
 */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** Returns an amount of a resource: `1 slot`, `4 slots`. Other resources keep their name: `2 gpu`. */
export function amountOf(amount: number, resource: string): string {
  return resource === "slots" ? counted(amount, "slot") : `${amount} ${resource}`;
}

/**
 * Returns a text as one word of a command that a person copies into a shell, in quotes if it needs them. Undefined if no
 * quotes are safe in all common shells, or if the command would read it as an option.
 */
export function shellWord(text: string): string | undefined {
  if (/^[\w@%+=:,./][\w@%+=:,./-]*$/.test(text)) return text;
  return /^[^-'!\p{C}][^'!\p{C}]*$/u.test(text) ? `'${text}'` : undefined;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/**
 * Formats a duration for people, with at most two units: `0.4 ms`, `340 ms`, `2 s`, `4.2 s`, `38 s`, `3 min 5 s`,
 * `2 h 10 min`, `5 d 3 h`. Documents and settings have the notation of `printDuration`: `1h30m`.
 */
export function durationText(durationMs: number): string {
  const ms = Math.max(0, durationMs);
  if (ms > 0 && ms < 1) return `${ms.toFixed(1)} ms`;
  if (Math.round(ms) < second) return `${Math.round(ms)} ms`;
  if (ms < 9.95 * second) return `${(ms / second).toFixed(1).replace(/\.0$/, "")} s`;
  const seconds = Math.round(ms / second);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return twoUnits(seconds, 60, "min", "s");
  const minutes = Math.round(ms / minute);
  if (minutes < 24 * 60) return twoUnits(minutes, 60, "h", "min");
  return twoUnits(Math.round(ms / hour), 24, "d", "h");
}

function twoUnits(count: number, per: number, large: string, small: string): string {
  const rest = count % per;
  const head = `${Math.floor(count / per)} ${large}`;
  return rest === 0 ? head : `${head} ${rest} ${small}`;
}

/** Returns a time for people: `2026-01-31 12:00:00 UTC`. Programs get ISO 8601. */
export function utcOf(ms: number, least: "second" | "minute" = "second"): string {
  const text = new Date(ms).toISOString().replace("T", " ");
  return `${text.slice(0, least === "second" ? 19 : 16)} UTC`;
}

/**
 * Joins texts into sentences. A text without a final punctuation mark gets a full stop. A text of several lines is a
 * list, and the next text starts a line.
 */
export function sentences(...texts: readonly string[]): string {
  let joined = "";
  for (const text of texts) {
    const sentence = text.trim();
    if (sentence === "") continue;
    const separator = joined === "" ? "" : joined.includes("\n") ? "\n" : " ";
    joined +=
      separator + (endsSentence.test(sentence) || sentence.includes("\n") ? sentence : `${sentence}.`);
  }
  return joined;
}

// The mark may be inside a quotation or parentheses.
const endsSentence = /[.!?…]["')\]]?$/;

/** Returns a noun with a capital letter, for the start of a sentence. */
export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export type CsvValue = string | number | null | undefined;

/** Returns a line of CSV (RFC 4180). A text that a spreadsheet would evaluate gets a leading apostrophe. */
export function csvLine(values: readonly CsvValue[]): string {
  return values.map(cellOf).join();
}

function cellOf(value: CsvValue): string {
  const text = String(value ?? "");
  const safe = typeof value === "string" && /^[=+\-@\t]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/**
 * Returns whether a text matches a pattern, in which `*` matches any text: `stock.*` matches all codes with that
 * prefix. A regular expression would backtrack at every star, and take years for some patterns.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  const parts = pattern.split("*");
  if (parts.length === 1) return pattern === text;
  const first = parts[0] ?? "";
  const last = parts.at(-1) ?? "";
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length)
    return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > text.length - last.length) return false;
    at = found + part.length;
  }
  return true;
}

/** A command in a text: at its start, after a space, a quote, a bracket or a colour, and without `npx`. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours start with an escape.
const commandStart = /(?<=^|[\s`'"(]|\u001b\[[\d;]*m)(?<!npx )tutti (?=[a-z]|--)/gm;

/** Returns a text with its commands as the user types them: with `npx` if npx has started the program. */
export function asTyped(text: string, environment: Readonly<Record<string, string | undefined>>): string {
  return environment["npm_command"] === "exec" ? text.replace(commandStart, "npx tutti ") : text;
}
