/**
 * What a platform would answer, made up: the pages are looked at with it in each of their states, without a platform.
 */

const workflows = ["order", "map-reduce", "nightly-report", "onboarding", "retry-heal"];
const statuses = [
  ...["completed", "completed", "completed", "completed", "running", "failed"],
  ...["completed", "paused", "cancelled", "running", "pending", "completed"],
];

/** The same every time, so that two looks at the same page differ only where the page does. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

export function runsAt(nowMs: number, count: number, from = 0): Record<string, unknown>[] {
  const next = chance(7 + from);
  return Array.from({ length: count }, (_, index) => {
    const place = from + index;
    const status = statuses[Math.floor(next() * statuses.length)] ?? "completed";
    const createTimeMs = nowMs - place * 4_100 - Math.floor(next() * 3_000);
    const isOver = ["completed", "failed", "cancelled"].includes(status);
    const total = 3 + Math.floor(next() * 30);
    const completed = isOver ? total : Math.floor(next() * total);
    return {
      runId: `${workflows[place % workflows.length]}-${String(90_000 - place)}`,
      spec: {
        definition: { name: workflows[place % workflows.length] },
        labels: place % 3 === 0 ? { customer: String(place % 17), region: "eu" } : {},
      },
      status,
      kind: "tasks",
      states: [],
      statusReason: status === "paused" ? "paused by local-admin: the warehouse is closed" : "",
      ...(status === "failed"
        ? {
            outcome: {
              failed: {
                code: "payment.declined",
                message: "Expected the bank to take 42.00 €, found it declined: card expired",
                violations: [],
                details: {},
              },
            },
          }
        : {}),
      tasks: { total, completed, running: isOver ? 0 : 1, failed: status === "failed" ? 1 : 0 },
      progress: completed / total,
      createTimeMs,
      startTimeMs: createTimeMs + 12,
      ...(isOver ? { endTimeMs: createTimeMs + 800 + Math.floor(next() * 90_000) } : {}),
      eventCount: total * 3,
    };
  });
}

export function approvalsAt(nowMs: number): Record<string, unknown>[] {
  const form = {
    type: "object",
    required: ["carrier", "insured"],
    properties: {
      carrier: { type: "string", enum: ["post", "courier", "bicycle"], description: "Who brings it." },
      insured: { type: "boolean", title: "Insure it" },
      note: { type: "string", maxLength: 400 },
    },
  };
  return [
    {
      approvalId: "ship",
      about: { kind: "run", id: "order-89999", task: "ship" },
      title: "Ship order 89999?",
      message: "The customer asked for <b>express</b>; it costs 12 € more than was paid.",
      context: { customer: "Clara <script>alert(1)</script>", cents: 4200, articles: ["violin", "bow"] },
      form: JSON.stringify(form),
      ...{ deciders: [], decisions: [], delegations: [], excluded: [] },
      claim: { person: "local-admin", claimTimeMs: nowMs - 60_000, expireTimeMs: nowMs + 900_000 },
      verdict: "unspecified",
      requestTimeMs: nowMs - 260_000,
      expireTimeMs: nowMs + 3_300_000,
    },
    {
      approvalId: "publish",
      about: { kind: "run", id: "nightly-report-89912", task: "publish" },
      title: "Publish the report of Thursday",
      deciders: ["editors", "gregor"],
      delegations: [
        {
          person: "hanna",
          people: ["gregor"],
          delegateTimeMs: nowMs - 600_000,
          reason: "on leave until Monday",
        },
      ],
      excluded: ["hanna"],
      approvalsNeeded: 2,
      decisions: [
        {
          verdict: "approved",
          cause: { actor: { kind: "person", id: "frida" }, reason: "figures are right" },
          decideTimeMs: nowMs - 60_000,
        },
      ],
      verdict: "unspecified",
      requestTimeMs: nowMs - 7_200_000,
    },
  ];
}

export const inboxes: readonly Record<string, unknown>[] = [
  {
    ...{ inboxId: "finance", pool: "default", description: "Refunds above 100.", openTasks: 4, slots: 5 },
    capabilities: [{ name: "pay.review" }],
    ...{ people: ["ann", "bob"], answersNeeded: 2, withinMs: 172_800_000, escalation: [], hours: [] },
  },
  {
    ...{ inboxId: "support", pool: "default", openTasks: 100, slots: 100, claimMs: 14_400_000 },
    capabilities: [{ name: "ticket.answer" }, { name: "ticket.translate-a-long-name-of-a-capability" }],
    people: ["first-level"],
    escalation: [
      { afterMs: 14_400_000, people: ["second-level"] },
      { afterMs: 14_400_000, people: ["head-of-support"] },
    ],
    hours: [{ begin: "0 9 * * 1-5", end: "0 17 * * 1-5", timeZone: "Europe/Berlin" }],
  },
];

export function agentsAt(nowMs: number): Record<string, unknown>[] {
  const agent = (place: number, more: Record<string, unknown>) => ({
    agentId: `worker-${place}`,
    pool: place > 5 ? "gpu" : "default",
    kind: "function",
    state: "ready",
    hold: "none",
    offering: {
      capabilities: ["text.upper", "pay.charge", "mail.send", "stock.reserve", "parcel.label"]
        .slice(0, 1 + (place % 5))
        .map((name) => ({ name, version: "1.2.0" })),
      labels: { region: "eu" },
      slots: 4 * (1 + (place % 4)),
      resources: {},
      contextKeys: [],
    },
    freeSlots: 2,
    figures: {
      cpu: ((place * 37) % 100) / 100,
      memoryBytes: 90_000_000 + place * 31_000_000,
      memoryLimitBytes: 512_000_000,
      cores: 4,
    },
    heardTimeMs: nowMs - 1_200,
    joinTimeMs: nowMs - 3_600_000,
    sdk: place % 2 === 0 ? "typescript 0.1.0" : "python 0.1.0",
    done: { completed: 1_204 * place, failed: place % 3, refused: 0, busyMs: 4_000_000 },
    speeds: [],
    ...more,
  });
  return [
    agent(1, { state: "busy", freeSlots: 0 }),
    agent(2, {}),
    agent(3, { state: "suspect", stateReason: "its link is cut for 4 s", heardTimeMs: nowMs - 14_000 }),
    agent(4, { hold: "paused" }),
    agent(5, {}),
    agent(6, { state: "busy", freeSlots: 0 }),
    agent(7, { hold: "quarantined", stateReason: "it failed 20 times in a row" }),
    agent(8, { state: "gone", heardTimeMs: nowMs - 600_000 }),
  ];
}

const inputSchema = {
  type: "object",
  required: ["customer", "articles"],
  properties: {
    customer: { type: "string", description: "Whose order it is.", minLength: 2 },
    articles: {
      type: "array",
      minItems: 1,
      items: {
        type: "object",
        required: ["name", "count"],
        properties: { name: { type: "string" }, count: { type: "integer", minimum: 1, default: 1 } },
      },
    },
    express: { type: "boolean" },
    payment: {
      oneOf: [
        { title: "By card", type: "object", required: ["card"], properties: { card: { type: "string" } } },
        { title: "On account", type: "object", properties: { dueDays: { type: "integer", default: 30 } } },
      ],
    },
    deliverBy: { type: "string", format: "date" },
  },
};

const source = `workflow: order
description: Takes an order, charges for it, and ships it after an approval.
tasks:
  reserve: {uses: stock.reserve, with: {articles: "\${{ input.articles }}"}, undo: stock.release}
  charge: {uses: pay.charge, needs: [reserve], retry: 3, undo: pay.refund}
  sure: {approve: "Ship it?", needs: [charge]}
  ship: {uses: parcel.ship, needs: [sure]}
  mail: {uses: mail.send, needs: [ship]}
`;

export function definitionsAt(nowMs: number): Record<string, unknown>[] {
  return workflows.map((name, place) => ({
    name,
    hash: `${"0123456789abcdef".repeat(4)}`.slice(place, place + 64).padEnd(64, "a"),
    versionLabels: place === 0 ? ["latest", "2.1.0", "stable"] : ["latest"],
    kind: "tasks",
    description:
      place === 0
        ? "Takes an order, charges for it, and ships it after an approval."
        : place === 3
          ? ""
          : "Does each part by itself, then joins what came of all of them, and tells those who asked.",
    inputSchema: JSON.stringify(inputSchema),
    outputSchema: "",
    entries:
      place === 0 ? [{ name: "address-changed", kind: "signal", description: "Where to ship it now." }] : [],
    uses: ["stock.reserve", "pay.charge", "mail.send"],
    taskCount: 5 + place,
    labels: {},
    createTimeMs: nowMs - 86_400_000 * (place + 1),
    createCause: { actor: { kind: "person", id: "local-admin" } },
    archived: place === 4,
    liveCount: place === 0 ? 12 : 0,
    source: { format: "yaml", text: source, fileName: `${name}.yaml` },
  }));
}

export const graph = {
  nodes: [
    {
      taskId: "reserve",
      uses: "stock.reserve",
      kind: "uses",
      needs: [],
      backTo: [],
      compensated: true,
      expectedMs: 40,
    },
    {
      taskId: "charge",
      uses: "pay.charge",
      kind: "uses",
      backTo: [],
      compensated: true,
      expectedMs: 310,
      needs: [{ task: "reserve", condition: "success" }],
    },
    {
      taskId: "weigh",
      uses: "parcel.weigh",
      kind: "uses",
      needs: [{ task: "reserve" }],
      backTo: [],
      forEach: true,
    },
    { taskId: "sure", title: "Ship it?", kind: "approve", needs: [{ task: "charge" }], backTo: [] },
    {
      ...{ taskId: "ship", uses: "parcel.ship", kind: "uses", backTo: [], expectedMs: 900 },
      needs: [{ task: "sure" }, { task: "weigh" }],
    },
    { taskId: "mail", uses: "mail.send", kind: "uses", needs: [{ task: "ship" }], backTo: [] },
  ],
  criticalPath: ["reserve", "charge", "sure", "ship", "mail"],
  criticalPathMs: 1_250,
  workMs: 1_600,
  width: 2,
  depth: 5,
};

export function schedulesAt(nowMs: number): Record<string, unknown>[] {
  const firing = (place: number) => ({
    dueTimeMs: nowMs - place * 300_000,
    fireTimeMs: nowMs - place * 300_000 + 14,
    runId: place % 4 === 3 ? "" : `nightly-report-${place}`,
    result: place % 4 === 3 ? "overlapped" : "started",
    message: place % 4 === 3 ? "the run before has not ended" : "",
  });
  return [
    {
      scheduleId: "nightly-report",
      description: "The numbers of the day, early in the morning.",
      timing: { rules: [{ cron: "0 4 * * *" }], exceptions: [], timeZone: "Europe/Zurich" },
      run: { definition: { name: "nightly-report" }, input: { day: "yesterday" }, labels: {} },
      policy: { overlap: "skip" },
      paused: false,
      labels: {},
      nextTimesMs: Array.from({ length: 10 }, (_, place) => nowMs + 30_000_000 + place * 86_400_000),
      recentFirings: Array.from({ length: 10 }, (_, place) => firing(place + 1)),
      liveRunIds: [],
      startedCount: 412,
      skippedCount: 3,
    },
    {
      scheduleId: "heartbeat",
      timing: { rules: [{ interval: { everyMs: 30_000 } }], exceptions: [] },
      run: { definition: { name: "order" }, labels: {} },
      policy: {},
      paused: true,
      note: "too loud",
      labels: {},
      nextTimesMs: [],
      recentFirings: [],
      liveRunIds: [],
      startedCount: 9_120,
      skippedCount: 0,
    },
  ];
}

export function triggersAt(nowMs: number): Record<string, unknown>[] {
  const results = ["started", "duplicate", "started", "dead", "started", "skipped"];
  const activation = (place: number) => {
    const result = results[place % results.length] ?? "started";
    const isStarted = result === "started" || result === "duplicate";
    return {
      eventId: `${2_000 - place}`,
      eventType: "shop.order.created",
      timeMs: nowMs - place * 47_000,
      runId: isStarted ? `order-${700 - place}` : "",
      result,
      message: result === "dead" ? "`condition`: no such key: total" : "",
      events: 1,
    };
  };
  return [
    {
      triggerId: "orders",
      description: "One run for each order above 10 francs.",
      source: { event: { type: "shop.order.created", source: "/shop" } },
      condition: "event.data.total > 10",
      key: "event.data.id",
      run: { definition: { name: "order" }, labels: {} },
      with: { order: "${{ event.data.id }}", from: "${{ event.source }}" },
      runId: "order-${{ event.data.id }}",
      policy: { debounceMs: 5_000, debounceMaxMs: 60_000, throttleCount: 10, singleton: "queue" },
      paused: false,
      labels: {},
      counts: { received: 12_304, started: 11_870, duplicates: 429, dead: 2, waiting: 3 },
      recent: Array.from({ length: 10 }, (_, place) => activation(place)),
    },
    {
      triggerId: "mail.on",
      source: { runEnd: { definition: "nightly-report", ends: ["completed", "failed"] } },
      run: { definition: { name: "mail" }, labels: {} },
      owner: "mail",
      paused: true,
      note: "the printer is out of paper",
      labels: {},
      counts: {},
      recent: [],
    },
  ];
}

export function deadLettersAt(nowMs: number): Record<string, unknown>[] {
  const letter = (number: number, id: string, code: string, message: string) => ({
    ...{ number, code, message, timeMs: nowMs - number * 600_000 },
    event: { id, source: "/shop", type: "shop.order.created", data: { id: 17, sum: "many" }, extensions: {} },
  });
  return [
    letter(4, "1971", "event.expression_failed", "`condition`: no such key: total"),
    letter(
      9,
      "1988",
      "run.input_invalid",
      "The input of order does not fit its schema: `order`: expected number",
    ),
  ];
}

export function seriesAt(nowMs: number): Record<string, unknown>[] {
  const next = chance(3);
  const points = (base: number, swing: number) =>
    Array.from({ length: 120 }, (_, place) => ({
      timeMs: nowMs - (120 - place) * 5_000,
      value: Math.max(0, base + Math.sin(place / 9) * swing + (next() - 0.5) * swing * 0.6),
    }));
  const call = { service: "workflow", method: "StartRun", side: "server" };
  return [
    { name: "tutti_swarm_results_total", labels: {}, figure: "rate", points: points(340, 90) },
    { name: "tutti_mesh_call_duration_seconds", labels: call, figure: "p50", points: points(0.0021, 0.0006) },
    { name: "tutti_mesh_call_duration_seconds", labels: call, figure: "p99", points: points(0.0072, 0.0031) },
    {
      name: "tutti_mesh_calls_total",
      labels: { ...call, code: "NOT_FOUND" },
      figure: "rate",
      points: points(0.2, 0.4),
    },
  ];
}

const processNames = ["gateway 10.0.0.7:7401", "swarm 10.0.0.8:7401", "workflow 10.0.0.9:7401"];

export const metricList = {
  source: "insight",
  processes: processNames.map((name) => ({ name })),
  metrics: [
    {
      ...{ name: "nodejs_eventloop_lag_p99_seconds", type: "gauge", labels: ["process"] },
      help: "99th percentile of the lag of the event loop over the last ten seconds.",
    },
    {
      ...{ name: "process_cpu_seconds_total", type: "counter", labels: ["process"] },
      help: "Time on a CPU in user mode and in the kernel.",
    },
    {
      ...{ name: "process_resident_memory_bytes", type: "gauge", labels: ["process"] },
      help: "Memory of the process in RAM.",
    },
    {
      name: "tutti_mesh_calls_total",
      type: "counter",
      labels: ["service", "method", "code", "process"],
      help: "Calls by service, method, side and code.",
    },
  ],
};

export function pastOf(name: string, nowMs: number): Record<string, unknown>[] {
  const next = chance(name.length);
  const scale = name.endsWith("_bytes") ? 2e8 : name.includes("lag") ? 0.01 : 0.4;
  return processNames.map((process, place) => ({
    ...{ name, labels: { process }, stepMs: 10_000, figure: /_total$/.test(name) ? "rate" : "value" },
    points: Array.from({ length: 360 }, (_, at) => ({
      timeMs: nowMs - (360 - at) * 10_000,
      value: scale * (1 + place * 0.3 + Math.sin(at / 40 + place) * 0.2 + next() * 0.1),
    })),
  }));
}

export const status = {
  name: "platform",
  health: { level: "degraded", reason: "a component is unwell" },
  components: [
    { name: "registry", health: { level: "healthy", reason: "" }, orchestrator: null },
    {
      name: "journal",
      health: {
        level: "degraded",
        reason: "the disk has 4 % left. Remove unneeded files, or add space",
      },
      orchestrator: null,
    },
  ],
};
