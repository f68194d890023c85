/** Resources that are short, with shares, quotas, reservations, locks and a deadlock. */

const session = (id: string, task = "") => ({ kind: "session", id, task });

export const resources = [
  { name: "gpu", pool: "default", labels: {}, capacity: 4, used: 3, reserved: 1, wanted: 9 },
  { name: "slots", pool: "default", labels: {}, capacity: 64, used: 40, reserved: 0, wanted: 3 },
  {
    ...{ name: "slots", pool: "default", labels: { gpu: "true", zone: "the-second-cellar" } },
    ...{ capacity: 4, used: 3, reserved: 2, wanted: 6 },
  },
  { name: "slots", pool: "gpu", labels: {}, capacity: 8, used: 0, reserved: 0, wanted: 0 },
];

const allocations = [
  {
    ...{ session: session("train-the-large-one"), weight: 3, granted: { gpu: 2, slots: 2 } },
    ...{ wanted: { gpu: 6 }, share: { gpu: 2.25 } },
  },
  { session: session("report"), weight: 1, granted: { gpu: 1 }, wanted: { gpu: 3 }, share: { gpu: 0.75 } },
];

export function allocationsAt(id = ""): unknown {
  if (id === "") return allocations;
  return {
    allocation: allocations.find((each) => each.session.id === id),
    explanation: {
      summary:
        "it has the weight 3: in the pool default it takes turns with 1 other: report with the weight 1",
      waits: [
        { cause: "quota", subject: "blue", present: true, message: "the quota blue allows 3 gpu at once" },
      ],
      ...{ candidates: [], failures: [], remedies: [], parts: [] },
    },
  };
}

export const quotas = [
  { quotaId: "default", limits: { slots: 48, gpu: 3 }, rates: [], used: { slots: 40, gpu: 3 } },
  {
    ...{ quotaId: "blue", limits: { gpu: 2 }, rates: [], used: { gpu: 1 } },
    sessions: { equals: { team: "blue" }, exists: [], absent: [] },
  },
];

export const reservationsAt = (nowMs: number) => [
  {
    ...{ reservationId: "night", amounts: { gpu: 1 }, pool: "", used: {} },
    span: { fromMs: nowMs - 600_000, toMs: nowMs + 7_200_000 },
  },
  {
    ...{ reservationId: "show", amounts: { slots: 2 }, pool: "default", used: {} },
    agents: { equals: { gpu: "true", zone: "the-second-cellar" }, exists: [], absent: [] },
    span: { fromMs: nowMs - 60_000, toMs: nowMs + 3_600_000 },
  },
  {
    ...{ reservationId: "release-day", amounts: { gpu: 2, slots: 16 }, pool: "default", used: {} },
    span: { fromMs: nowMs + 86_400_000, toMs: nowMs + 2 * 86_400_000 },
    sessions: { equals: { team: "blue" }, exists: [], absent: [] },
  },
];

export const locksAt = (nowMs: number) => [
  {
    ...{ name: "printer", permits: 1, free: 0, waiting: 12, lastToken: 1_795_246_033_000_012 },
    grants: [
      {
        ...{ holder: "report/printer", work: session("report"), permits: 1, token: 1_795_246_033_000_012 },
        ...{ acquireTimeMs: nowMs - 42_000, expireTimeMs: nowMs + 18_000 },
      },
    ],
    waiters: Array.from({ length: 12 }, (_, at) => ({
      ...{ holder: `night-job-${at}`, permits: 1, startTimeMs: nowMs - 40_000 + at * 2_000, ticket: at + 1 },
      ...(at === 0 ? { work: session("train-the-large-one") } : {}),
    })),
  },
  {
    ...{ name: "licences", permits: 3, free: 1, waiting: 0, waiters: [] },
    grants: ["a", "b"].map((holder, at) => ({
      ...{ holder, permits: 1, shared: true, token: 1_795_246_000_000_000 + at },
      ...{ acquireTimeMs: nowMs - 5_000, expireTimeMs: nowMs + 25_000 },
    })),
  },
];

export const deadlocksAt = (nowMs: number) => [
  {
    findTimeMs: nowMs - 120_000,
    circle: [
      { waiter: session("kant"), lock: "left", holder: session("plato") },
      { waiter: session("plato"), lock: "right", holder: session("kant") },
    ],
    victim: session("kant"),
    reason:
      "session kant waits for the lock left, which session plato holds, and session plato waits for the lock right, which session kant holds: session kant gives way, because it started last",
  },
];
