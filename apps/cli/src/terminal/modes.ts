import type { Mode } from "@tutti/rest/types";

/** Returns the mode that a session is in, and whether Tutti chose it. Lists do not have the requested mode. */
export function modeWords(wanted: Mode | undefined, effective: Mode | undefined): string {
  const is = effective === undefined || effective === "unspecified" ? "" : effective;
  if (wanted === "adaptive") return is === "" ? "adaptive" : `${is}, chosen`;
  return is === "" && wanted !== undefined && wanted !== "unspecified" ? wanted : is;
}
