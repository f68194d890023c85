/** The state of the page of capacity in its address. */
const dayMs = 86_400_000;

export const days = [
  ...(["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] as const),
];
export const waits = { "100ms": 100, "1s": 1_000, "10s": 10_000, "1m": 60_000 } as const;
export const loads = [1, 1.5, 2, 5] as const;

export interface CapacitySearch {
  readonly day?: (typeof days)[number];
  readonly load?: number;
  readonly wait?: keyof typeof waits;
}

export function capacitySearch(search: Readonly<Record<string, unknown>>): CapacitySearch {
  const day = days.find((each) => each === search["day"]);
  const load = loads.find((each) => each === Number(search["load"]) && each !== 1);
  const wait = (Object.keys(waits) as (keyof typeof waits)[]).find((each) => each === search["wait"]);
  return { ...(day && { day }), ...(load && { load }), ...(wait && wait !== "1s" && { wait }) };
}

/** The whole of the next such day, in UTC. Without a day, the server takes the next seven days. */
export function aheadOf(
  day: CapacitySearch["day"],
  atMs: number,
): { aheadFromMs?: number; aheadMs?: number } {
  if (day === undefined) return {};
  const today = Math.floor(atMs / dayMs) * dayMs;
  const until = (days.indexOf(day) - new Date(today).getUTCDay() + 7) % 7 || 7;
  return { aheadFromMs: today + until * dayMs, aheadMs: dayMs };
}
