/** Histories that every release must read: recorded once by `npm run golden`. */
import { Hold } from "@tutti/contracts/agent/v1";
import {
  Hook,
  HookMoment,
  Inbox,
  NoteScalings,
  Pool,
  PoolLimit,
  Scaler,
  StrategyKind,
} from "@tutti/contracts/swarm/v1";
import { type GoldenStories, goldenOf, MachineDriver } from "@tutti/kernel/testing";
import {
  createHook,
  createPool,
  createScaler,
  deleteHook,
  deleteInbox,
  deletePool,
  deletePoolLimit,
  deleteScaler,
  holdAgent,
  noteScalings,
  pausePool,
  pool,
  releaseAgent,
  reserveStarts,
  resumePool,
  setInbox,
  setPoolLimit,
  updateHook,
  updatePool,
  updateScaler,
} from "../../src/pool/index.ts";
import { poolKey } from "../../src/testing/pool.ts";

const key = poolKey("gpu");
const hook = (order: number) =>
  Hook.fromPartial({
    hookId: "urgent",
    moment: HookMoment.HOOK_MOMENT_BEFORE_ASSIGN,
    order,
    when: 'task.labels["tier"] == "gold"',
    action: {
      $case: "rule",
      value: { verdict: { priority: "task.priority + 10", labels: { seen: "yes" } } },
    },
  });
const scaler = (maxAgents: number) =>
  Scaler.fromPartial({
    scalerId: "local",
    driver: { $case: "process", value: { command: ["node", "agent.js"], environment: { MODE: "all" } } },
    capabilities: ["image.resize"],
    maxAgents,
  });

/** Returns a pool with every kind of item. */
function furnished(): MachineDriver {
  const driver = new MachineDriver({ machines: [pool], service: "swarm" });
  const settings = Pool.fromPartial({
    pool: "gpu",
    description: "with a graphics card",
    strategy: { kind: StrategyKind.STRATEGY_KIND_AUCTION, weights: { speed: 2, cost: 1 } },
    weights: { gold: 3 },
    preemption: { priorityDifference: 5, graceMs: 1_000 },
    labels: { team: "pictures" },
  });
  driver.execute(key, createPool, { pool: settings });
  driver.advance(1_000);
  driver.execute(key, updatePool, { pool: { ...settings, maxQueued: 50 }, revision: 0 });
  const rate = { count: 10, perMs: 60_000, burst: 2 };
  driver.execute(key, setPoolLimit, { limit: PoolLimit.fromPartial({ key: "tenant-*", maxConcurrent: 2 }) });
  driver.execute(key, setPoolLimit, { limit: PoolLimit.fromPartial({ key: "api", rate }) });
  driver.execute(key, createHook, { hook: hook(1) });
  driver.execute(key, createScaler, { scaler: scaler(3) });
  driver.execute(key, holdAgent, { agentId: "odd", hold: Hold.HOLD_QUARANTINED, reason: "gives nonsense" });
  driver.execute(key, holdAgent, { agentId: "even", hold: Hold.HOLD_PAUSED, reason: "" });
  driver.execute(key, pausePool, { reason: "maintenance" });
  return driver;
}

const inbox = (people: string[]) =>
  Inbox.fromPartial({
    inboxId: "finance",
    description: "refunds above 100",
    capabilities: [
      { name: "pay.review", version: "1.0.0", outputSchema: '{"type":"object","required":["paid"]}' },
    ],
    people,
    answersNeeded: 2,
    slots: 5,
    withinMs: 3_600_000,
    labels: { team: "money" },
  });

/** Stories by the name of the file. */
export const stories: GoldenStories = {
  /** People have tasks in it, and one of the inboxes is removed. */
  peopled: (release) => {
    const driver = new MachineDriver({ machines: [pool], service: "swarm" });
    driver.execute(key, setInbox, { inbox: inbox(["ann"]), revision: 0 });
    driver.advance(1_000);
    driver.execute(key, setInbox, { inbox: inbox(["ann", "group:finance"]), revision: 1 });
    driver.execute(key, setInbox, { inbox: { ...inbox([]), inboxId: "legal" }, revision: 0 });
    driver.execute(key, deleteInbox, { inboxId: "legal" });
    return goldenOf(driver, pool, key, release);
  },

  furnished: (release) => goldenOf(furnished(), pool, key, release),

  /** Its scalers have decided, crashed and received tasks. */
  scaled: (release) => {
    const driver = furnished();
    const scaling = { before: 0, wanted: 2, reason: "2 tasks wait", figures: { queued: 2 } };
    const noted = NoteScalings.fromPartial({
      scalings: [{ scalerId: "local", scaling }],
      crashes: [{ scalerId: "local", agentId: "local-1", crashes: 3 }],
      arrivals: [{ scalerId: "local", stretch: 1_900_000, tasks: 7 }],
    });
    driver.execute(key, noteScalings, noted);
    driver.advance(900_000);
    const later = { scalerId: "local", stretch: 1_900_002, tasks: 1 };
    driver.execute(key, noteScalings, { ...noted, crashes: [], arrivals: [later] });
    return goldenOf(driver, pool, key, release);
  },

  /** Its limits have reserved starts, and one reservation is over. */
  reserved: (release) => {
    const driver = furnished();
    const untilMs = driver.nowMs + 12_000;
    const starts = [
      { limit: "\napi", untilMs, partMs: 6_000 },
      { limit: "default\nmail", untilMs: driver.nowMs + 500, partMs: 250 },
    ];
    driver.execute(key, reserveStarts, { starts });
    driver.advance(1_000);
    driver.execute(key, reserveStarts, {
      starts: [{ limit: "\napi", untilMs: untilMs + 6_000, partMs: 6_000 }],
    });
    return goldenOf(driver, pool, key, release);
  },

  /** Everything is changed, and most of it removed. */
  cleared: (release) => {
    const driver = furnished();
    driver.advance(60_000);
    driver.execute(key, updateHook, { hook: hook(2), revision: 0 });
    driver.execute(key, updateScaler, { scaler: scaler(9), revision: 0 });
    const slowStart = { count: 5, perMs: 1_000, burst: 1 };
    driver.execute(key, resumePool, { slowStart, slowStartMs: 30_000 });
    driver.execute(key, deleteHook, { hookId: "urgent" });
    driver.execute(key, deleteScaler, { scalerId: "local" });
    driver.execute(key, deletePoolLimit, { key: "api" });
    driver.execute(key, releaseAgent, { agentId: "odd" });
    driver.execute(key, deletePool, {});
    driver.execute(key, createPool, { pool: Pool.fromPartial({ paused: true }) });
    return goldenOf(driver, pool, key, release);
  },
};
