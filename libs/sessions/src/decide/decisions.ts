/** Question to an orchestrator of the user about a part, and its answer: plain JSON, so that any program can be one. */
import { Mode, type MoveWork, type PlannedPlace } from "@tutti/contracts/session/v1";
import type { Agent } from "@tutti/contracts/swarm/v1";
import type { TaskOutcome } from "@tutti/contracts/types/v1";
import { modeName, partId, type SessionView, statusWord, type TaskView } from "@tutti/machine-session";
import { jsonIn } from "./asking.ts";

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
  const whole = JSON.stringify(promptOf(situation, true));
  return Buffer.byteLength(whole) <= withOutputsMax ? whole : JSON.stringify(promptOf(situation, false));
}

function promptOf({ view, part, agents, outcomes, expectedMs }: Situation, isWhole: boolean) {
  const outputs = new Map(isWhole ? outcomes.map(({ taskId, outcome }) => [taskId, outcome]) : []);
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
      hasBegun: task.isPlaced,
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
  readonly begin: PlannedPlace[];
  readonly moves: MoveWork[];
  readonly reason: string;
  /** Delay until the next question, even without events. Undefined if not set. */
  readonly againMs: number | undefined;
}

export type Reading =
  | { readonly ok: true; readonly decision: Decision }
  | { readonly ok: false; readonly problem: string };

/** Reads a decision. Problems are reported in words, with their place. */
export function readDecision(output: unknown, { view, expectedMs }: Situation, nowMs: number): Reading {
  try {
    const { begin, move, reason, againMs, ...rest } = objectIn(output, "it", decisionFields);
    const [unknown] = Object.keys(rest);
    if (unknown !== undefined) throw new Unfit(`\`${unknown}\`: expected one of ${quoted(decisionFields)}`);
    return {
      ok: true,
      decision: {
        begin: listIn(begin, "begin").map((given, index) => {
          const at = `begin[${index}]`;
          const { task, agent = "" } =
            typeof given === "string" ? { task: given } : objectIn(given, at, ["task", "agent"]);
          const found = taskNamed(view, task, at);
          const startMs = nowMs;
          return {
            task: found.number,
            agent: textIn(agent, `${at}.agent`),
            startMs,
            endMs: nowMs + expectedMs(found),
          };
        }),
        moves: listIn(move, "move").map((given, index) => {
          const at = `move[${index}]`;
          const { tasks, to, reason: why = "" } = objectIn(given, at, ["tasks", "to", "reason"]);
          const taskIds = listIn(tasks, `${at}.tasks`).map(
            (id) => taskNamed(view, id, `${at}.tasks`).spec.id,
          );
          return { taskIds, mode: modeIn(to, `${at}.to`), reason: textIn(why, `${at}.reason`) };
        }),
        reason: textIn(reason ?? "", "reason"),
        againMs: spanIn(againMs, "againMs"),
      },
    };
  } catch (error) {
    if (error instanceof Unfit) return { ok: false, problem: error.message };
    throw error;
  }
}

const decisionFields = ["begin", "move", "reason", "againMs"];

/** Quotes names: `` `begin`, `move` ``. */
function quoted(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}

/** Thrown to stop reading. */
class Unfit extends Error {}

function objectIn(given: unknown, at: string, fields: readonly string[]): Record<string, unknown> {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw new Unfit(`\`${at}\`: expected an object with ${quoted(fields)}, found ${worded(given)}`);
  return given as Record<string, unknown>;
}

function listIn(given: unknown, at: string): readonly unknown[] {
  if (given === undefined || given === null) return [];
  if (Array.isArray(given)) return given;
  throw new Unfit(`\`${at}\`: expected a list, found ${worded(given)}`);
}

function textIn(given: unknown, at: string): string {
  if (typeof given === "string") return given;
  throw new Unfit(`\`${at}\`: expected text, found ${worded(given)}`);
}

function spanIn(given: unknown, at: string): number | undefined {
  if (given === undefined || given === null) return undefined;
  if (typeof given === "number" && given > 0 && Number.isFinite(given)) return given;
  throw new Unfit(`\`${at}\`: expected milliseconds above 0, found ${worded(given)}`);
}

function taskNamed(view: SessionView, given: unknown, at: string): TaskView {
  const task = typeof given === "string" ? view.tasks[view.byId.get(given) ?? -1] : undefined;
  if (task !== undefined) return task;
  throw new Unfit(`\`${at}\`: expected the id of a task of the session, found ${worded(given)}`);
}

const modes: Readonly<Record<string, Mode>> = {
  workflow: Mode.MODE_WORKFLOW,
  swarm: Mode.MODE_SWARM,
  intelligence: Mode.MODE_INTELLIGENCE,
};

function modeIn(given: unknown, at: string): Mode {
  const mode = typeof given === "string" ? modes[given] : undefined;
  if (mode !== undefined) return mode;
  throw new Unfit(`\`${at}\`: expected one of ${quoted(Object.keys(modes))}, found ${worded(given)}`);
}

function worded(given: unknown): string {
  return given === undefined ? "nothing" : JSON.stringify(given).slice(0, 100);
}
