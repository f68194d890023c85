/** Question to an orchestrator of the user about a part, and its answer: plain JSON, so that any program can be one. */
import { Mode, type MoveWork, type PlannedPlace } from "@tutti/contracts/session/v1";
import type { Agent } from "@tutti/contracts/swarm/v1";
import type { TaskOutcome } from "@tutti/contracts/types/v1";
import { modeName, partId, type SessionView, statusWord, type TaskView } from "@tutti/machine-session";
import { jsonIn } from "./question-runs.ts";

/** Above this number of bytes, outputs are left out of a question. The second limit applies without them. */
const withOutputsMax = 400_000;
export const questionMax = 900_000;

export interface Situation {
  readonly view: SessionView;
  readonly part: number;
  readonly agents: readonly Agent[];
  /** Outcomes of ended tasks. */
  readonly outcomes: readonly TaskOutcome[];
  readonly expectedMs: (task: TaskView) => number;
}

/** Returns the question, as JSON. */
export function questionOf(situation: Situation): string {
  const full = JSON.stringify(promptOf(situation, true));
  return Buffer.byteLength(full) <= withOutputsMax ? full : JSON.stringify(promptOf(situation, false));
}

function promptOf({ view, part, agents, outcomes, expectedMs }: Situation, withOutputs: boolean) {
  const outputs = new Map(withOutputs ? outcomes.map(({ taskId, outcome }) => [taskId, outcome]) : []);
  return {
    session: view.key.id,
    part: partId(part),
    number: (view.parts[part]?.decisions ?? 0) + 1,
    tasks: view.tasks.map((task) => ({
      id: task.spec.id,
      ...usedBy(task),
      needs: task.spec.needs.map(({ task: id }) => id),
      status: statusWord(task.status),
      isReady: isOurs(task, part) && task.open === 0,
      hasStarted: task.isPlaced,
      part: task.part < 0 ? "" : partId(task.part),
      mode: modeName(view.parts[task.part]?.mode ?? 0),
      agent: task.agent,
      expectedMs: expectedMs(task),
      priority: task.spec.priority,
      readyMs: task.readyMs,
      startMs: task.startMs,
      endMs: task.endMs,
      ...outputIn(outputs.get(task.spec.id)),
      ...(task.error !== undefined && { error: task.error.message }),
    })),
    agents: agents.map(({ agentId, freeSlots, offering }) => ({
      id: agentId,
      slots: offering?.slots ?? 1,
      freeSlots,
      labels: offering?.labels ?? {},
      uses: offering?.capabilities.map(({ name }) => name) ?? [],
    })),
  };
}

/** Returns whether the orchestrator may start or move a task: no part of the work has it. */
function isOurs({ part, isPlaced, endMs }: TaskView, number: number): boolean {
  return part === number && !isPlaced && endMs === 0;
}

function usedBy({ spec: { work } }: TaskView) {
  return { uses: work?.$case === "capability" ? work.value : "" };
}

function outputIn(outcome: TaskOutcome["outcome"]) {
  const result = outcome?.result;
  return result?.$case === "completed" ? { output: jsonIn(result.value)?.value ?? null } : {};
}

/** A decision, as the session receives it. */
interface Decision {
  readonly start: PlannedPlace[];
  readonly moves: MoveWork[];
  readonly reason: string;
  /** Delay until the next question, even without events. Undefined if not set. */
  readonly askAgainAfterMs: number | undefined;
}

export type Reading =
  | { readonly ok: true; readonly decision: Decision }
  | { readonly ok: false; readonly problem: string };

/** Reads a decision. Problems are reported in words, with their place. */
export function readDecision(output: unknown, { view, expectedMs }: Situation, nowMs: number): Reading {
  try {
    const { start, move, reason, askAgainAfterMs, ...rest } = objectIn(output, "it", decisionFields);
    const [unknown] = Object.keys(rest);
    if (unknown !== undefined)
      throw new InvalidDecision(`\`${unknown}\`: expected one of ${quoted(decisionFields)}`);
    return {
      ok: true,
      decision: {
        start: listIn(start, "start").map((entry, index) => {
          const at = `start[${index}]`;
          const { task, agent = "" } =
            typeof entry === "string" ? { task: entry } : objectIn(entry, at, ["task", "agent"]);
          const found = taskNamed(view, task, at);
          const startMs = nowMs;
          return {
            task: found.number,
            agent: textIn(agent, `${at}.agent`),
            startMs,
            endMs: nowMs + expectedMs(found),
          };
        }),
        moves: listIn(move, "move").map((entry, index) => {
          const at = `move[${index}]`;
          const { tasks, to, reason: moveReason = "" } = objectIn(entry, at, ["tasks", "to", "reason"]);
          const taskIds = listIn(tasks, `${at}.tasks`).map(
            (id) => taskNamed(view, id, `${at}.tasks`).spec.id,
          );
          return { taskIds, mode: modeIn(to, `${at}.to`), reason: textIn(moveReason, `${at}.reason`) };
        }),
        reason: textIn(reason ?? "", "reason"),
        askAgainAfterMs: durationIn(askAgainAfterMs, "askAgainAfterMs"),
      },
    };
  } catch (error) {
    if (error instanceof InvalidDecision) return { ok: false, problem: error.message };
    throw error;
  }
}

const decisionFields = ["start", "move", "reason", "askAgainAfterMs"];

/** Quotes names: `` `start`, `move` ``. */
function quoted(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}

/** Thrown to stop reading. */
class InvalidDecision extends Error {}

function objectIn(value: unknown, at: string, fields: readonly string[]): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new InvalidDecision(
      `\`${at}\`: expected an object with ${quoted(fields)}, got ${described(value)}`,
    );
  return value as Record<string, unknown>;
}

function listIn(value: unknown, at: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new InvalidDecision(`\`${at}\`: expected a list, got ${described(value)}`);
}

function textIn(value: unknown, at: string): string {
  if (typeof value === "string") return value;
  throw new InvalidDecision(`\`${at}\`: expected text, got ${described(value)}`);
}

function durationIn(value: unknown, at: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && value > 0 && Number.isFinite(value)) return value;
  throw new InvalidDecision(`\`${at}\`: expected milliseconds above 0, got ${described(value)}`);
}

function taskNamed(view: SessionView, value: unknown, at: string): TaskView {
  const task = typeof value === "string" ? view.tasks[view.byId.get(value) ?? -1] : undefined;
  if (task !== undefined) return task;
  throw new InvalidDecision(`\`${at}\`: expected the id of a task of the session, got ${described(value)}`);
}

const modes: Readonly<Record<string, Mode>> = {
  workflow: Mode.MODE_WORKFLOW,
  swarm: Mode.MODE_SWARM,
  intelligence: Mode.MODE_INTELLIGENCE,
};

function modeIn(value: unknown, at: string): Mode {
  const mode = typeof value === "string" ? modes[value] : undefined;
  if (mode !== undefined) return mode;
  throw new InvalidDecision(
    `\`${at}\`: expected one of ${quoted(Object.keys(modes))}, got ${described(value)}`,
  );
}

function described(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value).slice(0, 100);
}
