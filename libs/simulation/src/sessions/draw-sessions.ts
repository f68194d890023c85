/** Draws plans of sessions. The system and its faults are drawn as for the bank, the pool as for work. */
import { Mode, SessionSpec } from "@tutti/contracts/session/v1";
import { NeedCondition } from "@tutti/contracts/types/v1";
import { seededChance } from "@tutti/kernel/testing";
import { drawPlan } from "../plan/draw.ts";
import type { Plan } from "../plan/plan.ts";
import { Draw } from "../work/draw.ts";
import { drawAgents, drawPool, withBusyAgents } from "../work/draw-work.ts";
import type { PlannedSession, SessionsPlan } from "./sessions-plan.ts";

/** Separate random streams: draws of sessions do not change other draws. */
const sessionsStream = 2 ** 42;
const decidedStream = 2 ** 43;
const budgetStream = 2 ** 44;
/** No work may be removed before its check, with any clock. */
const keepMs = 1_000 * 3_600_000;

export function drawSessionsPlan(seed: number): Plan {
  const plan = drawPlan(seed);
  const draw = new Draw(seededChance(seed + sessionsStream));
  const { limits } = plan;
  return {
    ...plan,
    operations: [],
    sessions: withBudgets(
      decidedByUsers(withBusyAgents(drawSessions(draw), seed), new Draw(seededChance(seed + decidedStream))),
      new Draw(seededChance(seed + budgetStream)),
    ),
    // The bank tests inboxes that are nearly always full.
    limits: { ...limits, keepMs, inboxMax: Math.max(limits.inboxMax, 20) },
  };
}

function drawSessions(draw: Draw): SessionsPlan {
  const pool = drawPool(draw, drawAgents(draw));
  return {
    pool,
    limits: {},
    sessions: Array.from({ length: 1 + draw.upTo(3) }, (_, index) => drawSession(draw, index, pool.busyMs)),
    peoplePerMinute: draw.pick(0, 5, 20, 60),
  };
}

/** Gives some sessions an orchestrator of their user, which is one of the agents. */
function decidedByUsers(plan: SessionsPlan, draw: Draw): SessionsPlan {
  const sessions = plan.sessions.map((session) => {
    if (!draw.happens(0.15)) return session;
    return {
      ...session,
      spec: { ...session.spec, mode: "MODE_CUSTOM", orchestrator: draw.pick("a", "b", "c") },
    };
  });
  return { ...plan, sessions };
}

/**
 * Gives some sessions a budget. Sessions that then fail exhaust it soon. Missions would ask people for more,
 * which this load does not simulate.
 */
function withBudgets(plan: SessionsPlan, draw: Draw): SessionsPlan {
  const sessions = plan.sessions.map((session) => {
    const { mode } = session.spec as { mode?: string };
    // Delegated tasks of these modes are refused with a budget.
    if (mode === "MODE_CUSTOM" || !draw.happens(0.25)) return session;
    const tokens = mode === "MODE_WORKFLOW" ? 1 + draw.upTo(12) : 10_000;
    return { ...session, spec: { ...session.spec, budget: { tokens } } };
  });
  return { ...plan, sessions };
}

const { MODE_WORKFLOW: workflow, MODE_SWARM: swarm, MODE_INTELLIGENCE: planned } = Mode;
const { MODE_HYBRID: hybrid, MODE_ADAPTIVE: adaptive, MODE_UNSPECIFIED: unsaid } = Mode;

function drawSession(draw: Draw, index: number, busyMs: number): PlannedSession {
  const tasks = Array.from({ length: 1 + draw.upTo(8) }, (_, number) => drawTask(draw, number));
  const spec = SessionSpec.fromPartial({
    mode: draw.pick(workflow, swarm, planned, planned, hybrid, hybrid, adaptive, unsaid),
    optimization: draw.pick<object | undefined>(undefined, {}, { time: 1 }, { cost: 1, exploration: 0.5 }),
    limits: draw.happens(0.2) ? { slots: 1 + draw.upTo(2) } : {},
    locks: ["printer", "press"].flatMap((name) =>
      draw.happens(0.2) ? [{ name, permits: 1, shared: draw.happens(0.3) }] : [],
    ),
    dependsOn:
      index > 0 && draw.happens(0.3)
        ? [{ session: { id: `session-${draw.upTo(index)}` }, condition: draw.pick(0, 2, 3, 3) }]
        : [],
    timeoutMs: draw.pick(0, 0, 0, 0, 30_000),
    priority: draw.pick(0, 0, 10),
  });
  const output = draw.happens(0.3) ? "tasks.t0.output.value" : "";
  spec.work = { $case: "tasks", value: { tasks: [], output, input: undefined } };
  const { work: _, ...plain } = SessionSpec.toJSON(spec) as Record<string, unknown>;
  return {
    id: `session-${index}`,
    atMs: draw.upTo(busyMs / 3),
    spec: { ...plain, tasks: { tasks, output } },
  };
}

/** Draws a task. The first one always succeeds. */
export function drawTask(draw: Draw, number: number, id: string = `t${number}`): object {
  const needed = [...new Set(Array.from({ length: draw.upTo(3) }, () => draw.upTo(Math.max(1, number))))];
  const needs =
    number === 0
      ? []
      : needed.map((other) => ({ task: `t${other}`, condition: draw.pick(0, 1, 1, 1, 2, 3, 3) }));
  // Only successful needs are read.
  const good = needs.filter(({ condition }) => condition <= NeedCondition.NEED_CONDITION_SUCCESS);
  const values = good.map(({ task }) => `\${{ tasks.${task}.output.value }}`);
  const fails = number === 0 ? 0 : draw.pick(0, 0, 0, 0, 0, 1, 2, -1);
  const taskInput = { seed: draw.upTo(9_000), fails, of: draw.happens(0.7) ? values : [] };
  const [first] = good;
  return {
    id,
    needs,
    capability: draw.pick("a", "b", "c"),
    input: { inline: Buffer.from(JSON.stringify(taskInput)).toString("base64") },
    when: first !== undefined && draw.happens(0.2) ? `tasks.${first.task}.output.value > 4000` : "",
    retry: { maxAttempts: 20, initialMs: draw.pick(0, 100) },
    estimate: draw.pick<object | undefined>(undefined, { durationMs: 200 }, { durationMs: 2_000 }),
    priority: draw.pick(0, 0, 4),
    mayBeDoubled: draw.happens(0.3),
  };
}
