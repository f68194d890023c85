/** Cached outputs in words, and the calls about them. */
import type { CacheEntryInfo, Routes } from "@tutti/rest/types";
import { bytes, count, percent, span } from "../../elements/moments.ts";
import { type Call, commandLine, pathOf } from "../../elements/spelled.ts";
import type { Tone } from "../../score/states.ts";

export type Usage = Routes["cache.usage"]["reply"];

/** Which entries. The names are those of the options of `tutti cache list`. */
const filters = ["tag", "capability", "agent", "of-run"] as const;
export type FilterName = (typeof filters)[number];
export interface CacheSearch {
  readonly by?: FilterName;
  readonly value?: string;
}

export function cacheSearch({ by, value }: Record<string, unknown>): CacheSearch {
  const name = filters.find((each) => each === by);
  return name !== undefined && typeof value === "string" && value !== "" ? { by: name, value } : {};
}

function filterOf({ by, value = "" }: CacheSearch): Readonly<Record<string, string>> {
  return by === undefined ? {} : { [by === "of-run" ? "runId" : by]: value };
}

const filterArgs = ({ by, value = "" }: CacheSearch): readonly string[] =>
  by === undefined ? [] : [`--${by}`, value];

/** More than a person reads on one page. */
const size = 100;
export const listPath = (search: CacheSearch): string => pathOf(["cache"], { ...filterOf(search), size });
export const listCommand = (search: CacheSearch): string =>
  commandLine("tutti", "cache", "list", ...filterArgs(search));

export interface Spelling {
  readonly call: Call;
  readonly command: string;
}

/** Removes the entries that the page shows, or all. */
export function invalidation(search: CacheSearch, derived: boolean, reason: string): Spelling {
  const isAll = search.by === undefined;
  return {
    call: {
      method: "POST",
      path: "/v1/cache/invalidate",
      body: {
        ...filterOf(search),
        ...(isAll && { all: true }),
        ...(derived && { derived }),
        ...(reason !== "" && { reason }),
      },
    },
    command: commandLine(
      ...["tutti", "cache", "invalidate", ...(isAll ? ["--all"] : filterArgs(search))],
      ...(derived ? ["--derived"] : []),
      ...(reason === "" ? [] : ["--reason", reason]),
    ),
  };
}

/** Removes one entry. */
export function removal(entryId: string, reason: string): Spelling {
  return {
    call: { method: "DELETE", path: pathOf(["cache", entryId], { reason }) },
    command: commandLine(
      ...["tutti", "cache", "invalidate", entryId],
      ...(reason === "" ? [] : ["--reason", reason]),
    ),
  };
}

export function stateOf(entry: CacheEntryInfo, nowMs: number): readonly [word: string, tone: Tone] {
  if (entry.present !== true) return ["computing", "playing"];
  const { equalOutputs = 0, neededOutputs = 0 } = entry;
  if (equalOutputs < neededOutputs) return [`equal ${equalOutputs} of ${neededOutputs}`, "held"];
  if (entry.error !== undefined) return ["failure", "wrong"];
  return nowMs < (entry.expireTimeMs ?? 0) ? ["fresh", "done"] : ["stale", "held"];
}

/** The sums of the namespace. A use counts at most once in a minute, so the rate and the time are lower bounds. */
export function figuresOf(usage: Usage): readonly (readonly [name: string, value: string])[] {
  const { outputs = 0, bytes: size = 0, bytesMax = 0, uses = 0, hitRate = 0, savedMs = 0 } = usage;
  return [
    ["Outputs", count(outputs)],
    ["Size", `${bytes(size)} of ${bytes(bytesMax)}`],
    ["Hit rate", uses === 0 ? "no uses yet" : `at least ${percent(hitRate)}`],
    ["Computing time saved", uses === 0 ? "none yet" : `at least ${span(savedMs)}`],
  ];
}

/** How full the cache is. Namespaces with a maximum of 0 keep nothing. */
export const fullness = ({ bytes: size = 0, bytesMax = 0 }: Usage): number =>
  bytesMax === 0 ? 0 : size / bytesMax;
