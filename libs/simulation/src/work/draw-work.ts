/** Draws plans of work. The system and its faults are drawn as for the bank. */
import { MissionSpec } from "@tutti/contracts/swarm/v1";
import { CheckFailure } from "@tutti/contracts/types/v1";
import { seededChance } from "@tutti/kernel/testing";
import { strategyNames } from "@tutti/matching";
import { drawPlan } from "../plan/draw.ts";
import type { Plan } from "../plan/plan.ts";
import { type FaultName, faultNames } from "../pools/pools-plan.ts";
import { runs } from "./definitions.ts";
import { Draw } from "./draw.ts";
import { drawQuietWork } from "./draw-quiet-work.ts";
import type { PlannedActor, PlannedWork, WorkPlan } from "./work-plan.ts";

/** Separate random streams: draws of work do not change other draws. */
const workStream = 2 ** 41;
const quietStream = 2 ** 43;
const busyStream = 2 ** 45;
/** Share of plans that check how agents are shared. */
const quietShare = 0.1;
const busyMs = 12_000;
/** No work may be removed before its check, with any clock. */
const keepMs = 1_000 * 3_600_000;

export function drawWorkPlan(seed: number): Plan {
  const plan = drawPlan(seed);
  const draw = new Draw(seededChance(seed + workStream));
  const quiet = new Draw(seededChance(seed + quietStream));
  const { limits } = plan;
  return {
    ...plan,
    operations: [],
    work: quiet.happens(quietShare) ? drawQuietWork(quiet) : withBusyAgents(drawWork(draw), seed),
    // The bank tests inboxes that are nearly always full: here they would block everything else.
    limits: { ...limits, keepMs, inboxMax: Math.max(limits.inboxMax, 20) },
  };
}

function drawWork(draw: Draw): WorkPlan {
  const there = drawAgents(draw);
  const missions = Array.from({ length: 1 + draw.upTo(3) }, (_, index) => drawMission(draw, index));
  const runNames = Object.keys(runs);
  return {
    pool: drawPool(draw, there),
    missions,
    runs: Array.from({ length: draw.upTo(4) }, (_, index) => ({
      id: `run-${index}`,
      atMs: draw.upTo(busyMs / 2),
      what: runNames[draw.upTo(runNames.length)],
    })),
    actors: there.agents
      .slice(0, 2 + draw.upTo(there.agents.length - 1))
      .map((_, index) => drawActor(draw, index)),
    peoplePerMinute: draw.pick(0, 0, 5, 30),
    failures: draw.pick(0, 0.1, 0.4),
    limits: draw.happens(0.5) ? { k0: 1 } : {},
  };
}

/** Draws the agents, and the rates of their faults. */
export function drawAgents(draw: Draw): Pick<WorkPlan["pool"], "agents" | "faults"> {
  const agents = Array.from({ length: 2 + draw.upTo(4) }, (_, index) => ({
    slots: 1 + draw.upTo(3),
    // Two agents can do everything, so that some agent can do every request, including one meant for another.
    does: ["a", "b", "c"].filter((name) => index < 2 || name === "a" || draw.happens(0.5)),
  }));
  const rate = () => (draw.happens(0.5) ? 0 : draw.share() * 10);
  const faults = Object.fromEntries(faultNames.map((name) => [name, rate()])) as Record<FaultName, number>;
  return { agents, faults };
}

/** Lets agents of some plans refuse a share of their tasks as busy. */
export function withBusyAgents<P extends Pick<WorkPlan, "pool">>(plan: P, seed: number): P {
  const draw = new Draw(seededChance(seed + busyStream));
  return draw.happens(0.7) ? plan : { ...plan, pool: { ...plan.pool, busyShare: draw.share() / 3 } };
}

/** Returns the pool of these agents. */
export function drawPool(draw: Draw, there: ReturnType<typeof drawAgents>): WorkPlan["pool"] {
  return {
    strategy: strategyNames[draw.upTo(strategyNames.length)] ?? "least_loaded",
    ...there,
    hosts: 1 + draw.upTo(3),
    senders: 2,
    tasks: 0,
    busyMs,
    workMs: draw.pick(20, 300, 1_500),
    doubles: draw.happens(0.3),
    givesWay: draw.happens(0.3),
    isQuiet: false,
  };
}

function drawActor(draw: Draw, index: number): PlannedActor {
  return { id: `agent-${index}`, paceMs: draw.pick(60, 200, 600), deadMs: draw.pick(0, 0, 2_000, 8_000) };
}

const claimed = 2;

function drawMission(draw: Draw, index: number): PlannedWork {
  const assignment = draw.pick(1, claimed, claimed, 3, 3);
  const isNarrow = draw.happens(0.2);
  const roles =
    !isNarrow && draw.happens(0.3)
      ? [{ name: "editor", minAgents: draw.upTo(2), maxAgents: 2, capabilities: ["a", "b", "c"] }]
      : [];
  const spec = MissionSpec.fromPartial({
    tasks: Array.from({ length: 1 + draw.upTo(7) }, (_, number) => drawTask(draw, number, isNarrow)) as never,
    assignment,
    roles,
    leadership: draw.happens(0.4)
      ? { enabled: true, leaseMs: draw.pick(1_000, 4_000), role: roles.length > 0 ? "editor" : "" }
      : undefined,
    budget: drawBudget(draw, isNarrow),
    stopConditions: draw.happens(0.2) ? [{ name: "told", condition: "has(board.stop)" }] : [],
    loopThreshold: draw.pick(0, 0, 2),
    timeoutMs: draw.pick(0, 0, 0, 40_000),
    priority: draw.pick(0, 0, 10),
  });
  return { id: `mission-${index}`, atMs: draw.upTo(busyMs / 3), what: MissionSpec.toJSON(spec) };
}

function drawBudget(draw: Draw, isNarrow: boolean): object | undefined {
  if (draw.happens(0.4)) return undefined;
  const amounts = draw.pick<object>({ tokens: 12 }, { tokens: 30, money: 2 }, { tokens: 6 });
  return { amounts, whenUsedUp: draw.pick(0, 1, 2, 3), maxAgents: isNarrow ? 2 : 0 };
}

function drawTask(draw: Draw, number: number, isNarrow: boolean): object {
  const id = `t${number}`;
  const needed = draw.upTo(Math.max(1, number));
  const needs =
    number > 0 && draw.happens(0.5) ? [{ task: `t${needed}`, condition: draw.pick(0, 1, 2, 3, 3) }] : [];
  const kind = draw.share();
  if (kind < 0.08) return { id, needs, work: { $case: "workflow", value: { name: "chain" } } };
  if (kind < 0.2)
    return {
      id,
      needs,
      work: { $case: "mission", value: { name: draw.pick("pair", "spender") } },
      estimate: { tokens: draw.pick(0, 6) },
      retry: { maxAttempts: draw.pick(1, 2), initialMs: 200 },
    };
  return {
    id,
    needs,
    work: { $case: "capability", value: isNarrow ? "a" : draw.pick("a", "b", "c") },
    retry: draw.pick<object | undefined>(
      undefined,
      { maxAttempts: 3, initialMs: 100 },
      { maxAttempts: 2, initialMs: 0, pauseWhenExhausted: true },
    ),
    estimate: draw.pick<object | undefined>(undefined, { tokens: 2 }, { tokens: 3, money: 0.2 }),
    timeouts: draw.pick<object | undefined>(undefined, undefined, { runMs: 3_000 }, { heartbeatMs: 1_500 }),
    priority: draw.pick(0, 0, 4),
    labels: draw.pick<object>({}, {}, {}, { deny: "yes" }, { slow: "yes" }),
    limits: draw.happens(0.2) ? [{ key: "k0", maxConcurrent: 2 }] : [],
    checks: draw.pick<object[]>(
      [],
      [],
      [],
      [
        {
          name: "fine",
          condition: "output.luck > 0.2",
          onFailure: CheckFailure.CHECK_FAILURE_SEND_BACK,
          maxSendBacks: 2,
        },
      ],
      [{ name: "fine", condition: "output.luck > 0.2", onFailure: CheckFailure.CHECK_FAILURE_APPROVAL }],
    ),
    placement:
      number > 0 && !isNarrow
        ? draw.pick<object | undefined>(undefined, undefined, { notAgentOf: ["t0"] })
        : undefined,
  };
}
