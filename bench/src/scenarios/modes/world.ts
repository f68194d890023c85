import {
  type CutPart,
  chooseMode,
  cutOf,
  durationMs,
  Estimates,
  type Execution,
  engineOf,
  execute,
  FindEstimates,
  fleetOf,
  type Graph,
  LearnedTimes,
  learnOutcome,
  lessonOf,
  type Mode,
  type ModeChoice,
  ModeChooser,
  type Problem,
  prepare,
  type RecordedAgent,
  type RecordedSession,
  type RecordedTask,
  replay,
  type Situation,
  situationOf,
  usualDelays,
} from "@tutti/planner";
import type { Case, CaseTask } from "./cases.ts";

/** Result of one session. */
export interface Lived {
  readonly mode: Mode;
  readonly timeMs: number;
  /** Total time of busy slots. */
  readonly busyMs: number;
  readonly choice?: ModeChoice;
}

/** One installation in virtual time. It learns only from the durations of its own sessions. */
export class World {
  readonly #times = new Estimates();
  readonly #finds = new FindEstimates();
  readonly #chooser = new ModeChooser();
  readonly #fixed: Mode | undefined;

  /** @param fixed mode of all sessions. Default: it chooses */
  constructor(fixed?: Mode) {
    this.#fixed = fixed;
  }

  live(testCase: Case): Lived {
    const situation = this.#situation(testCase);
    const weights = { time: 1, cost: 0, quality: 0 };
    const choice = this.#fixed === undefined ? chooseMode(situation, this.#chooser, { weights }) : undefined;
    const mode = choice?.candidates[choice.chosen]?.mode ?? this.#fixed ?? "workflow";
    const { session, busyMs } = this.#done(testCase, mode, situation);
    if (choice !== undefined) {
      const comparison = replay(session);
      const lesson = lessonOf(choice, session.realMs);
      if (lesson !== undefined)
        learnOutcome(this.#chooser, lesson, "modes" in comparison ? comparison.modes : []);
    }
    return { mode, timeMs: session.realMs, busyMs, ...(choice && { choice }) };
  }

  /** Returns the situation as described, without tasks that will be found later. */
  #situation({ tasks, speeds }: Case): Situation {
    const built = situationOf(
      tasks
        .filter(({ grown }) => !grown)
        .map(({ id, needs, capability }) => ({
          id,
          needs,
          capability,
          demand: "any",
          within: ["anything"],
          finds: this.#finds.expected(capability),
        })),
      agentsOf(speeds),
      { times: this.#times },
    );
    if ("refused" in built) throw new Error(built.refused.detail);
    return built.situation;
  }

  #done({ tasks, speeds }: Case, mode: Mode, situation: Situation) {
    const problem = problemOf(tasks, speeds);
    const known = new Map(situation.taskIds.map((id, at) => [id, at]));
    const agents = situation.agents;
    const described = tasks.map(({ capability }) => ({ capability, within: ["anything"], inputBytes: 0 }));
    const kindOf = new Map(tasks.map((task, at) => [task.id, at]));
    // Parts are cut from the known tasks. A found task belongs to the part of its finder.
    const likeOf = tasks.map((task, at) => {
      let like: CaseTask | undefined = task;
      while (like?.grown === true) like = tasks[kindOf.get(like.needs[0] ?? "") ?? -1];
      return kindOf.get(like?.id ?? "") ?? at;
    });
    const kinds = [...known.keys()].map((id) => kindOf.get(id) ?? 0);
    const parts = cutOf(situation, usualDelays).map((part) => ({
      ...part,
      tasks: part.tasks.map((task) => kinds[task] ?? 0),
    }));
    const { dispatcher, delaysOf } = engineOf(mode, problem, {
      outlookOf: (part, own) =>
        new LearnedTimes(
          part,
          this.#times,
          own === undefined ? described : own.flatMap((task) => described[task] ?? []),
          agents,
        ),
      copies: false,
      delays: usualDelays,
      parts,
      likeOf,
    });
    const done = execute(problem, dispatcher, delaysOf);
    if (done.unfinished > 0) throw new Error(`expected all to end, ${done.unfinished} did not`);
    this.#learn(tasks, mode, parts);
    const workMs = tasks.map((_, task) => durationMs(problem, task, done.agentOf[task] ?? 0));
    const session: RecordedSession = {
      mode,
      realMs: done.makespanMs,
      agents: agentsOf(speeds),
      tasks: recorded(tasks, situation, done, workMs, parts),
    };
    return { session, busyMs: done.busyMs };
  }

  /** Adds durations to the estimates. A plan has already added those of its tasks, and this adds the others. */
  #learn(tasks: readonly CaseTask[], mode: Mode, parts: readonly CutPart[]): void {
    const planned = new Set(
      mode === "intelligence"
        ? tasks.keys()
        : mode === "hybrid"
          ? parts.flatMap((part) => (part.mode === "intelligence" ? part.tasks : []))
          : [],
    );
    const found = new Map<string, number>();
    for (const { grown, needs } of tasks)
      if (grown) found.set(needs[0] ?? "", (found.get(needs[0] ?? "") ?? 0) + 1);
    tasks.forEach(({ id, capability, sizeMs }, task) => {
      this.#finds.learn(capability, found.get(id) ?? 0);
      if (!planned.has(task))
        this.#times.learn({ capability, agentId: "", inputBytes: 0, within: ["anything"] }, sizeMs);
    });
  }
}

function agentsOf(speeds: readonly number[]): readonly RecordedAgent[] {
  return speeds.map((speed, at) => ({
    id: `agent-${at}`,
    slots: 1,
    satisfiedDemands: new Set(["any"]),
    slowness: 1 / speed,
  }));
}

/** Returns the attempts as a session's history records them. */
function recorded(
  tasks: readonly CaseTask[],
  { taskIds, mediansMs, kindVariance, ownVariance }: Situation,
  { agentOf, startMs, endMs }: Execution,
  workMs: readonly number[],
  parts: readonly CutPart[],
): readonly RecordedTask[] {
  const known = new Map(taskIds.map((id, at) => [id, at]));
  const modeOf = new Map(parts.flatMap((part) => part.tasks.map((task) => [task, part.mode] as const)));
  return tasks.map(({ id, needs, capability, grown }, task) => {
    const at = known.get(id);
    return {
      id,
      needs: grown ? [] : needs,
      demand: "any",
      capability,
      agentId: `agent-${agentOf[task]}`,
      workMs: workMs[task] ?? 0,
      // The record has the start at the agent, not the time of the assignment.
      startMs: Math.max(startMs[task] ?? 0, (endMs[task] ?? 0) - (workMs[task] ?? 0)),
      endMs: endMs[task] ?? 0,
      ...(grown && { foundBy: needs[0] ?? "" }),
      ...(at !== undefined && {
        expectedMs: mediansMs[at] ?? 0,
        deviation: Math.sqrt((kindVariance[at] ?? 0) + (ownVariance[at] ?? 0)),
        partMode: modeOf.get(task) ?? "workflow",
      }),
    };
  });
}

export function problemOf(tasks: readonly CaseTask[], speeds: readonly number[]): Problem {
  const prepared = prepare(
    {
      graph: graphOf(tasks),
      sizesMs: tasks.map(({ sizeMs }) => sizeMs),
      grown: tasks.map(({ grown }) => (grown ? 1 : 0)),
    },
    fleetOf(speeds),
  );
  if (!("problem" in prepared)) throw new Error("expected agents that offer every capability");
  return prepared.problem;
}

function graphOf(tasks: readonly CaseTask[]): Graph {
  const numbers = new Map(tasks.map(({ id }, at) => [id, at]));
  const after: number[][] = tasks.map(() => []);
  tasks.forEach(({ needs }, task) => {
    for (const need of needs) after[numbers.get(need) ?? 0]?.push(task);
  });
  const offsets = [0];
  for (const those of after) offsets.push((offsets.at(-1) ?? 0) + those.length);
  return { offsets, targets: after.flat() };
}
