/** The filter of the list of runs, as the address of the page contains it. */
export interface RunsSearch {
  readonly status?: readonly string[];
  readonly workflow?: string;
  readonly text?: string;
  /** `key=value`, or a key that must be there. */
  readonly label?: string;
  /** Accepted within this long: `1h`, `24h`, `7d`. */
  readonly within?: string;
  /** Only those that wait for a person. */
  readonly person?: boolean;
  readonly oldest?: boolean;
}

const withins: Readonly<Record<string, number>> = {
  "15m": 900_000,
  "1h": 3_600_000,
  "24h": 86_400_000,
  "7d": 604_800_000,
};

/** Keeps the valid parameters of an address, and drops the rest. */
export function runsSearch(search: Record<string, unknown>): RunsSearch {
  const textParameter = (name: string) => {
    const value = search[name];
    return typeof value === "string" && value !== "" ? { [name]: value } : {};
  };
  const flag = (name: string) => (search[name] === true ? { [name]: true } : {});
  const { status } = search;
  const statuses = (Array.isArray(status) ? status : [status]).filter(
    (each): each is string => typeof each === "string" && /^[a-z_]+$/.test(each),
  );
  const within = search["within"];
  return {
    ...(statuses.length > 0 ? { status: statuses } : {}),
    ...textParameter("workflow"),
    ...textParameter("text"),
    ...textParameter("label"),
    ...(typeof within === "string" && within in withins ? { within } : {}),
    ...flag("person"),
    ...flag("oldest"),
  };
}

export const withinChoices: readonly (readonly [value: string, word: string])[] = [
  ["", "any time"],
  ["15m", "last 15 minutes"],
  ["1h", "last hour"],
  ["24h", "last day"],
  ["7d", "last week"],
];

/** Start of the time range, rounded to half a minute so that equal queries have equal keys. */
export function sinceMs(within: string | undefined, nowMs: number): number | undefined {
  const lengthMs = withins[within ?? ""];
  if (lengthMs === undefined) return undefined;
  return Math.floor((nowMs - lengthMs) / 30_000) * 30_000;
}
