import type { Mode } from "@tutti/rest/types";

/** Returns the mode that a session is in, and whether Tutti chose it. Lists do not have the requested mode. */
export function modeText(requested: Mode | undefined, effective: Mode | undefined): string {
  const is = effective === undefined || effective === "unspecified" ? "" : effective;
  if (requested === "adaptive") return is === "" ? "adaptive" : `${is}, chosen`;
  return is === "" && requested !== undefined && requested !== "unspecified" ? requested : is;
}
