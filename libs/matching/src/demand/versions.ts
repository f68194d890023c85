import compare from "semver/functions/compare.js";
import satisfies from "semver/functions/satisfies.js";
import valid from "semver/functions/valid.js";
import validRange from "semver/ranges/valid.js";

/** Returns the newest matching version. An empty range matches all versions, pre-releases included. */
export function newestIn(versions: readonly string[], range: string): string | undefined {
  let newest: string | undefined;
  for (const version of versions) {
    if (range !== "" && !satisfies(version, range)) continue;
    if (newest === undefined || compare(version, newest) > 0) newest = version;
  }
  return newest;
}

export function isVersion(text: string): boolean {
  return valid(text) !== null;
}

export function isRange(text: string): boolean {
  return text === "" || validRange(text) !== null;
}
