/** Sessions in every state that their pages show: one in parts that moved, a race, and choices that came out. */

const parts = [
  {
    ...{ partId: "1", mode: "workflow", status: "running", taskIds: [], taskCount: 6 },
    ...{ work: { kind: "run", id: "book-1" }, reason: "a chain: the order is all that matters" },
  },
  {
    ...{ partId: "2", mode: "swarm", status: "completed", taskIds: [], taskCount: 24 },
    ...{ work: { kind: "mission", id: "book-2" }, reason: "24 pages that do not need each other" },
  },
  {
    ...{ partId: "3", mode: "intelligence", status: "running", taskIds: [], taskCount: 4 },
    ...{ work: { kind: "mission", id: "book-3" }, reason: "agents of unequal speed" },
  },
];

const needsOf = (id: string): readonly string[] => {
  if (id === "plan") return [];
  if (id === "bind") return ["essay-5", ...Array.from({ length: 24 }, (_, at) => `page-${at + 1}`)];
  if (id.startsWith("page-") || id === "essay-1") return ["plan"];
  return [`essay-${Number(id.slice("essay-".length)) - 1}`];
};
const ids = [
  "plan",
  ...Array.from({ length: 24 }, (_, at) => `page-${at + 1}`),
  ...Array.from({ length: 5 }, (_, at) => `essay-${at + 1}`),
  "bind",
];
const partOf = (id: string): string =>
  id.startsWith("essay") ? (id === "essay-4" ? "3" : "1") : id === "plan" || id === "bind" ? "1" : "2";

function tasksAt(nowMs: number) {
  return ids.map((id, at) => {
    const status =
      id === "bind"
        ? "pending"
        : id === "essay-5"
          ? "queued"
          : id === "essay-4"
            ? "running"
            : at === 7
              ? "failed"
              : "completed";
    const startTimeMs = nowMs - 60_000 + at * 1_500;
    return {
      spec: {
        ...{ id, title: "", capability: "race.work", labels: {}, resources: {}, checks: [], limits: [] },
        needs: needsOf(id).map((task) => ({ task, condition: "success" })),
        input: { ms: 900 },
      },
      partId: partOf(id),
      status,
      attempts: at === 7 ? 3 : 1,
      agentId: status === "pending" ? "" : `agent-${at % 4}`,
      ...(status === "pending" || status === "queued" ? {} : { startTimeMs, readyTimeMs: startTimeMs - 700 }),
      ...(status === "completed" || status === "failed" ? { endTimeMs: startTimeMs + 2_100 } : {}),
      ...(status === "failed" ? { outcome: { failed: { code: "press.jammed", message: "no paper" } } } : {}),
    };
  });
}

const spec = (mode: string, title: string, labels: Readonly<Record<string, string>> = {}) => ({
  ...{ mode, title, labels, limits: {}, reservationIds: [], dependsOn: [], locks: [], optimization: {} },
});

const performance = {
  efficiency: 0.81,
  workMs: 48_000,
  elapsedMs: 19_000,
  slots: 3.1,
  ...{ predicted: 9, predictionError: 0.12 },
  lateMs: 2_400,
  ...{ replans: 3, moves: 2 },
  waits: [
    { cause: "busy", waitedMs: 41_000 },
    { cause: "needs", waitedMs: 9_000 },
    { cause: "no_capability", waitedMs: 2_000 },
  ],
};

function sessionsAt(nowMs: number) {
  const session = (sessionId: string, status: string, changes: object) => ({
    ...{ sessionId, status, parts: [], createTimeMs: nowMs - 64_000, startTimeMs: nowMs - 62_000 },
    ...changes,
  });
  const race = (mode: string, over: number, tookMs: number, money: number) =>
    session(`race-1-${mode}`, over === 31 ? "completed" : "running", {
      ...{ spec: spec(mode, `The programme book, ${mode}`, { race: "race-1" }), effectiveMode: mode, parts },
      tasks: { total: 31, completed: over },
      ...{ performance: { ...performance, slots: 2 + money / 10 }, used: { money } },
      ...(over === 31 ? { endTimeMs: nowMs - 62_000 + tookMs } : {}),
    });
  return [
    session("book", "running", {
      spec: spec("adaptive", "The programme book of the autumn"),
      effectiveMode: "hybrid",
      parts,
      performance,
      tasks: { total: 31, completed: 27, running: 1, failed: 1, queued: 1, pending: 1 },
      openApprovals: 1,
      ...{ used: { money: 14.2 }, eventCount: 88, statusReason: "a page is done again" },
    }),
    race("workflow", 31, 17_400, 19.1),
    race("swarm", 31, 16_800, 21),
    race("intelligence", 31, 13_100, 17.5),
    race("hybrid", 31, 14_000, 18),
    session("a-very-long-id-of-a-session-that-a-program-made-of-a-title-2026-11-20", "failed", {
      spec: spec("custom", ""),
      effectiveMode: "custom",
      tasks: { total: 2, failed: 1 },
      endTimeMs: nowMs,
    }),
  ];
}

const choicesAt = (nowMs: number) => [
  {
    ...{ choiceId: "1", kind: "mode", chooseTimeMs: nowMs - 62_000, chosen: 3, confidence: 0.83 },
    features: { tasks: 31, width: 24, depth: 7, agents: 4, speeds: 0.43, load: 0.1 },
    candidates: [
      { mode: "workflow", taskIds: [], eligible: true, expectedMs: 17_000, highMs: 21_000, score: 0.41 },
      { mode: "swarm", taskIds: [], eligible: true, expectedMs: 16_500, highMs: 22_000, score: 0.4 },
      { mode: "intelligence", taskIds: [], eligible: true, expectedMs: 13_000, highMs: 19_000, score: 0.52 },
      {
        ...{ mode: "hybrid", taskIds: [], eligible: true, expectedMs: 12_500, highMs: 15_000, score: 0.6 },
        ...{ expectedUse: { money: 18.2 }, expectedQuality: 0.97 },
      },
      { mode: "custom", taskIds: [], eligible: false, reason: "no orchestrator is connected here" },
    ],
    reason: "a chain beside a bag of 24: their parts are done best in modes of their own",
    model: "bandit-1",
    outcome: { realMs: 13_900, score: 0.57 },
  },
  {
    choiceId: "2",
    kind: "move",
    chooseTimeMs: nowMs - 20_000,
    chosen: 0,
    confidence: 0,
    fallback: true,
    ...{ features: {}, candidates: [], reason: "the run beneath part 1 is late by 2.4 s" },
  },
];

const movesAt = (nowMs: number) => [
  {
    ...{ taskId: "essay-4", fromPartId: "1", toPartId: "3", moveTimeMs: nowMs - 20_000 },
    reason: "part 1 waits for its only free agent",
  },
];

const planAt = (nowMs: number) => ({
  count: 3,
  plan: {
    number: 3,
    planTimeMs: nowMs - 21_000,
    reason: "agent-2 is half as quick as it was",
    lowerBoundMs: 11_000,
    ...{ expectedEndTimeMs: nowMs + 9_000, moves: movesAt(nowMs) },
    tasks: tasksAt(nowMs).map(({ spec: { id }, partId, agentId, startTimeMs, endTimeMs }, at) => ({
      ...{ taskId: id, partId, plannedAgentId: `agent-${(at + (at % 5 === 0 ? 1 : 0)) % 4}`, agentId },
      plannedStartTimeMs: nowMs - 61_000 + at * 1_400,
      plannedEndTimeMs: nowMs - 59_000 + at * 1_400,
      ...(startTimeMs === undefined ? {} : { startTimeMs }),
      ...(endTimeMs === undefined ? {} : { endTimeMs }),
      critical: id === "plan" || id === "bind" || id.startsWith("essay"),
    })),
  },
});

const compared = {
  modes: [
    { mode: "hybrid", real: true, error: 0.02, simulatedMs: 13_600, slots: 3.1, efficiency: 0.81 },
    { mode: "workflow", simulatedMs: 17_300, slots: 2.6, efficiency: 0.64, simulatedUse: { money: 19 } },
    { mode: "swarm", simulatedMs: 16_900, slots: 2.7, efficiency: 0.66, simulatedUse: { money: 20.4 } },
    { mode: "intelligence", simulatedMs: 13_900, slots: 3, efficiency: 0.8, simulatedUse: { money: 17.9 } },
  ],
  trustworthy: true,
  assumptions: "The same agents, each task as long as it was.",
};

/** What routes below `/v1/sessions` answer. */
export function sessionAt(part: string, nowMs: number): unknown {
  if (part === "plan") return planAt(nowMs);
  if (part === "compare") return compared;
  if (part === "why")
    return {
      explanation: {
        summary: "It waits for an agent that is free.",
        waits: [],
        candidates: [],
        failures: [],
        remedies: [],
        parts: [],
      },
      choices: choicesAt(nowMs),
    };
  return { sessions: sessionsAt(nowMs) };
}

/** What `/v1/watch/sessions` says first: of all, or of one. */
export function sessionStreamAt(id: string, nowMs: number): unknown {
  const sessions = sessionsAt(nowMs);
  if (id === "") return { sessions, removedIds: [], live: true };
  return {
    session: sessions.find(({ sessionId }) => sessionId === id) ?? sessions[0],
    ...{ tasks: tasksAt(nowMs), choices: choicesAt(nowMs), moves: movesAt(nowMs), live: true },
  };
}
