/** Incidents, alerts and findings as pages show them: few and many, with long names. */

const minute = 60_000;
const titles = [
  "12 runs of order failed in 5 minutes",
  "Tasks that use payments.charge-card-of-customer-in-region wait for a worker",
  "The disk of eu-central-1-machine-0007.internal.example.com is full in 2 hours",
  "workflow-engine-partition-00042-of-00128-with-a-name-that-has-no-place-to-break-in-it-at-all does not answer",
  "Calls to registry are slow",
];
const owners = ["", "local-admin", "", "group:payments-platform-and-settlement-on-call-europe", "ada"];
const severities = ["error", "critical", "critical", "error", "warning"];

const label = (name: string, value: string) => ({ name, value });

function summaryAt(number: number, namespace: string, nowMs: number) {
  const place = number % titles.length;
  const status = number > 24 ? "open" : number > 20 ? "mitigated" : "resolved";
  const startTimeMs = nowMs - (31 - number) ** 2 * 7 * minute;
  return {
    ...{ namespace, incidentId: `i${number}`, title: titles[place], severity: severities[place], status },
    ...{ owner: owners[place], startTimeMs, alerts: 1 + ((number * 7) % 40) },
    firing: status === "open" ? 1 + (number % 3) : 0,
    ...(status === "open" ? {} : { endTimeMs: startTimeMs + 43 * minute }),
    ruleIds:
      place === 1
        ? ["no-workers", "queue-long", "tasks-wait-in-the-queue-of-a-pool-for-too-long"]
        : ["runs-failed"],
    alertIds: [],
    labels: [
      label("definition", place === 0 ? "order" : "settlement-of-payments-at-the-end-of-the-day"),
      ...(place % 2 === 1
        ? [label("pool", "gpu"), label("capability", "payments.charge-card-of-customer-in-region")]
        : []),
      ...(place === 3 ? Array.from({ length: 9 }, (_, each) => label("partition", String(each))) : []),
    ],
    ...(status === "resolved" ? { resolution: "All alerts ended." } : {}),
    ...{ timeline: [], causes: [], failed: [], advice: [], repairs: [] },
  };
}

export function incidentsAt(namespace: string, nowMs: number) {
  const numbers = Array.from({ length: 30 }, (_, index) => index + 1);
  return numbers
    .filter((number) => (number % 10 === 7) === (namespace === "system"))
    .map((number) => summaryAt(number, namespace, nowMs));
}

const hash = "9f2c4e7a1b3d";

export function incidentAt(id: string, namespace: string, nowMs: number) {
  const number = Number(id.slice(1)) || 1;
  const found = summaryAt(number, namespace, nowMs);
  const { startTimeMs, title } = found;
  const at = (minutes: number) => startTimeMs + minutes * minute;
  const by = (id: string, reason = "") => ({ actor: { kind: "person", id }, reason });
  const failed = Array.from({ length: number < 10 ? 3 : 100 }, (_, index) => ({
    ...{ kind: index === 4 ? "mission" : "run", namespace: namespace === "system" ? "shop" : "default" },
    id: index % 9 === 3 ? `order-of-a-customer-with-a-long-name-${index}` : `order-${90_000 + index}`,
  }));
  return {
    ...found,
    labels: [
      ...found.labels,
      label("pool", "default"),
      label("severity-of-the-installation", "page-at-night"),
    ],
    timeline: [
      { timeMs: at(0), kind: "opened", ruleId: "runs-failed", count: 0, text: title },
      { timeMs: at(0), kind: "joined", ruleId: "runs-failed", count: 12, text: title },
      {
        timeMs: at(1),
        kind: "joined",
        ruleId: "queue-long",
        count: 1,
        text: "Queue of pool default has 1,204 tasks",
      },
      { timeMs: at(4), kind: "owned", ruleId: "", count: 0, text: "ada", cause: by("ada") },
      {
        ...{ timeMs: at(6), kind: "note", ruleId: "", count: 0 },
        text: "The bank answers 503 since 02:10.\nTheir status page says nothing.",
        cause: by("ada"),
      },
      {
        timeMs: at(9),
        kind: "note",
        ruleId: "",
        count: 0,
        text: "Retried 12 failed runs.",
        cause: by("ada"),
      },
      ...(found.status === "open"
        ? []
        : [{ timeMs: at(41), kind: "ended", ruleId: "runs-failed", count: 12, text: title }]),
      ...(found.status === "resolved"
        ? [{ timeMs: at(43), kind: "resolved", ruleId: "", count: 0, text: "All alerts ended." }]
        : []),
    ],
    causes:
      number < 10
        ? []
        : [
            {
              ...{ kind: "agent", subject: "worker-3", likelihood: 0.72, count: 9, share: 0.75 },
              summary: "agent worker-3 explains 9 of 12 failures with payments.declined.",
              startTimeMs: at(-3),
              examples: failed.slice(0, 7),
              evidence: [
                "98 % of attempts with agent worker-3 fail, 1.2 % of the others.",
                "The message: expected an answer of bank.example.com within 10 s, got none",
                "It was seen first at 2026-11-26T02:04:11.000Z, shortly before the first of them.",
              ],
              remedies: [
                {
                  text: "Look at agent worker-3. Drain it if other agents do the same tasks well.",
                  command: "tutti agent show worker-3",
                },
              ],
            },
            {
              ...{ kind: "version", subject: `order@${hash}`, likelihood: 0.28, count: 3, share: 1 },
              summary: `Version ${hash} of order fails more often: 14 % of its runs, 0.4 % before.`,
              startTimeMs: at(-8),
              examples: failed.slice(4, 6),
              evidence: ["The version was registered 8 minutes before."],
              remedies: [
                { text: "Compare this version with the one before it, and move runs back if needed." },
              ],
            },
          ],
    failedCount: number < 10 ? 3 : 312,
    failed,
    repairs: [
      { kind: "retry", subject: "", version: "", taskId: "", summary: "Retry the failed runs" },
      {
        ...{ kind: "fix", subject: "order", version: "", taskId: "charge" },
        summary: "Correct the input of task charge in failed runs of order",
      },
      {
        ...{ kind: "scale", subject: "default/clerks", version: "", taskId: "" },
        summary: "Start more agents with scaler default/clerks",
      },
      { kind: "pause_agent", subject: "worker-3", version: "", taskId: "", summary: "Pause worker worker-3" },
    ],
    advice: [
      "See which task fails: `tutti list --state failed`, then `tutti why RUN`.",
      "If a worker fails often, drain it: `tutti agent drain ID`.",
    ],
    draft: true,
    postMortem: draftAt(title ?? "", id),
  };
}

const draftAt = (title: string, id: string) => `# ${title}

- Incident: ${id}
- Owner: ada
- Start: 2026-11-26 02:07:11
- End: not over
- Alerts: 13 of runs-failed, queue-long

## Impact

312 runs and missions of this time are failed now, the latest: \`run/order-90000\`, \`run/order-90001\`.

## Timeline

- 2026-11-26 02:07:11 Opened: ${title}
- 2026-11-26 02:11:11 Owner: ada (ada)

## Probable causes

- agent worker-3 explains 9 of 12 failures with payments.declined. Likelihood 72 %.

## Resolution

Not resolved.

## What to improve

- See which task fails: \`tutti list --state failed\`, then \`tutti why RUN\`.
`;

export function alertsAt(nowMs: number) {
  return [30, 30, 30, 28].map((number, index) => ({
    ...{ namespace: "default", alertId: `a${index}`, ruleId: "runs-failed", incidentId: `i${number}` },
    title: titles[index],
    advice: "See which task fails: `tutti list --state failed`.",
    severity: severities[index],
    status: index === 1 ? "acknowledged" : "firing",
    labels: { definition: "order" },
    values: {},
    causes: [],
    ...(index === 0
      ? {
          escalation: {
            policyId: "night",
            step: 2,
            nextTimeMs: nowMs + 7 * minute,
            receivers: ["ada-phone"],
          },
        }
      : {}),
    startTimeMs: nowMs - (index + 2) * 3 * minute,
    ...(index === 1 ? { acknowledgeCause: { actor: { kind: "person", id: "ada" }, reason: "looking" } } : {}),
  }));
}

const people = [
  { name: "ada", receivers: ["ada-phone", "ada-mail"] },
  { name: "Bartholomew Featherstonehaugh-Cholmondeley", receivers: ["bart-phone"] },
  { name: "eve", receivers: ["eve-phone"] },
];

export const rotationsNow = ["web", "payments-platform-and-settlement-on-call-europe"].map((rotationId) => ({
  ...{ namespace: "default", rotationId, timeZone: "Europe/Berlin", revision: "3" },
  ...{ members: people, overrides: [], labels: {} },
}));

export function onCallAt(nowMs: number) {
  const day = 24 * 60 * minute;
  return rotationsNow.map(({ rotationId, timeZone }, place) => ({
    ...{ rotationId, timeZone, title: place === 0 ? "Web shop" : "" },
    shifts: [0, 1, 2, 3, 4].map((at) => ({
      member: people[(at + place) % people.length]?.name,
      receivers: people[(at + place) % people.length]?.receivers ?? [],
      startTimeMs: nowMs + (7 * at - 3) * day,
      endTimeMs: nowMs + (7 * at + 4) * day,
      ...(at === place ? { overridden: true } : {}),
    })),
  }));
}

export const policiesNow = [
  {
    ...{ namespace: "default", policyId: "night", title: "Night", repeats: 2, labels: {} },
    steps: [
      { afterMs: 0, receivers: [], rotations: ["web"] },
      { afterMs: 10 * minute, receivers: ["payments-platform-and-settlement-chat"], rotations: [] },
      { afterMs: 30 * minute, receivers: ["head-of-operations"], rotations: ["web"] },
    ],
  },
];

const runs = (from: number, many: number) =>
  Array.from({ length: many }, (_, index) => ({
    kind: "run",
    namespace: "default",
    id: `order-${from + index}`,
  }));

const longTask = "collect-and-settle-all-payments-of-a-customer-in-a-region";

export function analysisAt(nowMs: number) {
  const agoMs = (minutes: number) => nowMs - minutes * minute;
  const bottleneck = (kind: string, subject: string, share: number, faster: number, summary: string) => ({
    ...{ kind, subject, share, summary, pool: "default", waitedMs: share * 9_400_000, tasks: 1_204 },
    ...{ definition: "order", startTimeMs: agoMs(share * 600), examples: runs(share * 1_000, 5) },
    improvements: [
      {
        remedy: { text: `Add workers or slots for ${subject}.`, command: "tutti pool show default" },
        lessWaiting: 1,
        faster,
      },
    ],
  });
  const task = (name: string, critical: number, ms: number) => ({
    ...{ task: name, count: 1_204, success: 0.981, attempts: 1.12, waitedMs: ms / 4, critical, waits: {} },
    runMs: [ms, ms * 2, ms * 7],
  });
  return {
    bottlenecks: [
      bottleneck(
        "queue",
        "payments.charge",
        0.61,
        0.42,
        "Tasks that use payments.charge wait for a free worker: 61 % of the time of order.",
      ),
      bottleneck("retry", "ship", 0.17, 0.08, "Retries of task ship take 17 % of the time of order."),
      bottleneck("run", longTask, 0.1, 0.03, `Task ${longTask} runs for 10 % of the time of order.`),
    ],
    causes: incidentAt("i30", "default", nowMs).causes,
    trends: ["platform 10.0.0.7:7501", "workflow 10.0.0.9:7501"].map((process, index) => ({
      ...{ series: { queryId: "value", labels: { process }, values: [] }, periodsMs: [] },
      ...{ slopePerDay: index * 3_400_000, changePerDay: index * 0.021, confidence: index * 0.9999 },
      changePoints: [900, 400, 30].slice(index).map((minutes, place) => ({
        timeMs: agoMs(minutes),
        before: 180e6 + place * 40e6,
        after: 220e6 - place * 90e6,
        coincidences: [],
      })),
    })),
    patterns: [
      {
        ...{ kind: "retry_storm", subject: "order/pay", count: 412, share: 0.34, startTimeMs: agoMs(3_000) },
        summary: "34 % of the tasks pay of order need three attempts or more.",
        remedies: [
          {
            text: "Find out why the attempts fail, or pause longer between them.",
            command: "tutti analysis causes",
          },
        ],
        examples: runs(70, 8),
      },
      {
        ...{ kind: "failure_rhythm", subject: "order/pay", count: 60, share: 0.7, startTimeMs: agoMs(9_000) },
        summary: "70 % of the failures of pay are in minute 0 of the hour.",
        remedies: [
          {
            text: "Look at other work at that time: schedules, backups, limits of others.",
            command: "tutti schedule list",
          },
        ],
        examples: runs(170, 2),
      },
    ],
    ...{ definition: "order", count: 1_204, success: 0.981, durationMs: [4_100, 9_800, 61_000] },
    tasks: [task("pay", 0.91, 900), task(longTask, 0.4, 12_000), task("ship", 0.2, 80)],
    paths: [
      { tasks: ["take", "pay", longTask, "ship"], share: 0.93, success: 0.99, durationMs: 4_200 },
      { tasks: ["take", "pay", "refund"], share: 0.07, success: 0.8, durationMs: 1_900 },
    ],
  };
}

export function capacityAt(nowMs: number) {
  const day = 86_400_000;
  const backTest = { days: 28, error: 0.11, within: 0.82 };
  const pool = {
    slots: 24,
    recommendedSlotsLow: 26,
    recommendedSlotsHigh: 41,
    recommendedAgents: 8,
    backTest,
  };
  return {
    capacities: [
      { ...pool, pool: "default", recommendedSlots: 31, peakTimeMs: nowMs + day, peakLoad: 24.6 },
      { ...pool, pool: "gpu", slots: 4, recommendedSlots: 3, peakTimeMs: nowMs + 2 * day, peakLoad: 1.2 },
    ],
    disks: [
      {
        ...{ process: "platform/ip-10-0-3-17", freeBytes: 81e9, bytesPerDay: -1.7e9, backTest },
        ...{ fullTimeMs: nowMs + 47 * day, earliestTimeMs: nowMs + 38 * day, latestTimeMs: nowMs + 61 * day },
      },
      { process: "platform/ip-10-0-3-18", freeBytes: 190e9, bytesPerDay: 2e6, backTest },
    ],
  };
}

export function adviceAt(nowMs: number) {
  const day = 86_400_000;
  const gain = { measure: "time", median: 0.23, low: 0.18, high: 0.27, runs: 100 };
  const runs = { runs: 80, failed: 1, p50Ms: 4_120, p90Ms: 6_900 };
  const each = {
    subject: "order",
    kind: "needless_need",
    task: "charge",
    gain,
    evidence: {},
    effect: {},
    realEffect: {},
    title: "`charge` waits for `check`, but does not use its output.",
    reasons: [
      "No expression of `charge` names `check`.",
      "In 87 of 100 runs, `check` was the last that `charge` waited for.",
    ],
    risk: "The order may matter outside of the run: then keep the need. `charge` would also start if `check` fails.",
    changes: ['tasks.charge.needs: ["reserve","check"] → ["reserve"]'],
  };
  return {
    recommendations: [
      { ...each, recommendationId: "order.needless-need.charge.check", status: "open" },
      {
        ...{ ...each, recommendationId: "ship.cache.rate", subject: "ship", status: "trial", kind: "cache" },
        title: "`rate` computes the same again: 61 of 100 inputs had occurred before.",
        changes: ['tasks.rate.cache: not set → "1h"'],
        trial: {
          ...{ hash: "a".repeat(64), percent: 20, startTimeMs: nowMs - day / 4, looks: 1, nextRuns: 40 },
          ...{ before: runs, tried: { ...runs, runs: 20, p50Ms: 3_410 } },
          finding: "Nothing got worse in 20 runs.",
        },
      },
      {
        ...{ ...each, recommendationId: "text.merge.parse.trim", subject: "text", status: "open" },
        ...{ kind: "merge", task: "parse", changes: ["tasks.trim: removed"] },
        title: "`parse`, `trim` are one chain, and its hops take longer than its work.",
        reasons: ["Between the end of `parse` and the start of `trim`: 40 ms (median of 100 runs)."],
        manual: "a worker needs a capability that does `text.parse` and `text.trim` in one task.",
      },
      {
        ...{ ...each, recommendationId: "pool.gpu.strategy.fastest", subject: "pool:gpu", status: "trial" },
        ...{ pool: "gpu", kind: "pool_strategy", task: "" },
        title: "`fastest` would have given less time from queueing to end than `least_loaded`.",
        reasons: ["All strategies, less time: `fastest` 23.0 %, `auction` 11.0 %, `sticky` -4.0 %."],
        risk: "During the trial the pool changes its strategy every 5 minutes.",
        changes: ['strategy: "least_loaded" → "fastest"'],
        trial: {
          ...{ hash: "fastest", percent: 50, startTimeMs: nowMs - day / 4, looks: 1, nextRuns: 40 },
          ...{ before: runs, tried: { ...runs, runs: 20, p50Ms: 3_410 } },
          finding: "Nothing got worse in 20 spans.",
        },
      },
      {
        ...each,
        recommendationId: "bill.needless-need.mail.sum",
        subject: "bill",
        status: "taken_back",
        ...{ takenBack: 1, quietUntilMs: nowMs + 6 * day },
        trial: {
          ...{ hash: "b".repeat(64), percent: 20, startTimeMs: nowMs - day, looks: 1, settled: true },
          before: runs,
          tried: { ...runs, runs: 21, failed: 6 },
          finding: "6 of 21 runs failed, before 1 of 80.",
        },
      },
    ],
  };
}
