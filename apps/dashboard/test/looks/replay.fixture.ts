/** A replay of a pool, for pictures. */
const tenants = [
  { namespace: "default", share: "", tasks: 640, waitP50Ms: 5_100, waitP99Ms: 14_000, starved: false },
  {
    namespace: "reports",
    share: "night-batch",
    tasks: 64,
    waitP50Ms: 61_000,
    waitP99Ms: 90_000,
    starved: true,
  },
];

const past = {
  ...{ tasks: 704, waitP50Ms: 5_768, waitP99Ms: 15_417, waitMeanMs: 6_100, spanMs: 200_000 },
  ...{ workerHours: 0.167, use: 0.93, cost: 4.2, missed: 390, unserved: 0, tenants },
};

const scenario = {
  ...past,
  waitP50Ms: 12,
  waitP99Ms: 310,
  spanMs: 142_000,
  workerHours: 0.315,
  use: 0.35,
  cost: 5.1,
  missed: 0,
  tenants: tenants.map((each) => ({ ...each, starved: false })),
};

/** Without a scenario the self-check fails, so that both are seen. */
export function replayAt(search: URLSearchParams): object {
  const passed = search.has("workers");
  const check = { passed, error: passed ? 0.018 : 0.12, hopMs: 13, values: [] };
  return { check, past, ...(passed && { scenario }), missing: 0, cut: false, speed: 1_840 };
}
