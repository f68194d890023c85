/** Durations as text: `500ms`, `30s`, `1h30m`, `2d`. */

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** The same pattern for the JSON Schema and for parsing. */
export const durationPattern = "(?:\\d{1,9}(?:\\.\\d{1,3})?(?:ms|s|m|h|d|w))+";
const wholeDuration = new RegExp(`^${durationPattern}$`);
const part = /(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g;

export function isDuration(text: string): boolean {
  return text.length <= 100 && wholeDuration.test(text);
}

/** Returns undefined for a text that is not a duration. */
export function parseDurationMs(text: string): number | undefined {
  if (!isDuration(text)) return undefined;
  let ms = 0;
  for (const [, count = "0", unit = "ms"] of text.matchAll(part)) ms += Number(count) * (unitMs[unit] ?? 0);
  return Math.round(ms);
}

/** Returns the shortest text for it, for documents and settings. Messages for people have `durationText`. */
export function printDuration(ms: number): string {
  if (ms === 0) return "0s";
  let rest = Math.round(ms);
  let text = "";
  for (const [unit, size] of [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1_000],
    ["ms", 1],
  ] as const) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}
