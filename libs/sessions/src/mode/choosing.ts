/**
 * Chooses the mode of sessions: simulates every mode in virtual time with the expected durations and the available
 * agents, and divides sessions into parts. The session records the choice, which is made once.
 */
import { type Choice, Mode, type RecordChoice } from "@tutti/contracts/session/v1";
import type { TaskSpec } from "@tutti/contracts/types/v1";
import type { EffectJobs, JobCommand } from "@tutti/host/serving";
import { counted, type InstanceKey, toErrorDetail } from "@tutti/kernel";
import type { Knowledge } from "@tutti/machine-entities/experience";
import { type ChooseMode, recordChoice, refuseStart, type SessionView } from "@tutti/machine-session";
import { cutOf, expectedLossMs, type Situation, situationOf, usualDelays } from "@tutti/planner";
import type { DueEffect } from "@tutti/runtime";
import { type Fleet, presentIn } from "../agents/fleet.ts";
import type { Learned } from "../agents/learned.ts";
import type { SessionCommands } from "../session/session-commands.ts";
import { choiceOf, chosenMode, intendedOf, modes } from "./mode-choice.ts";

export interface ChoosingParts {
  readonly jobs: EffectJobs;
  readonly commands: SessionCommands;
  readonly fleet: Fleet;
  readonly learned: Learned;
}

export class Choosing {
  readonly #parts: ChoosingParts;

  constructor(parts: ChoosingParts) {
    this.#parts = parts;
  }

  start(due: DueEffect, { requestedMode }: ChooseMode): void {
    const attempt = async (): Promise<JobCommand> => {
      const view = await this.#parts.commands.view(due.key);
      const agents = await this.#parts.fleet.agentsOf(due.key.namespace);
      const pool = view.order?.spec?.pool ?? "";
      const specs = view.tasks.map(({ spec }) => spec as TaskSpec);
      const knowledge = await this.#parts.learned.of(due.key.namespace);
      const result = situationOf(
        specs.map((spec) => intendedOf(view, spec)),
        presentIn(agents, specs, pool),
        { times: knowledge.times, use: knowledge.uses },
      );
      // Without a required agent nothing can be simulated: the tasks run in their declared order, and wait in
      // their pools.
      const body =
        "refused" in result
          ? safely(view, `no mode could be simulated, because ${result.refused.detail}`)
          : requestedMode === Mode.MODE_HYBRID
            ? inParts(view, result.situation)
            : this.#choose(due.key, view, result.situation, knowledge);
      return {
        command: recordChoice,
        body: withAbsence(body, this.#parts.learned.absence(due.key.namespace)),
      };
    };
    this.#parts.jobs.startJob(due, attempt, (error) => ({
      command: refuseStart,
      body: { error: toErrorDetail(error) },
    }));
  }

  #choose(key: InstanceKey, view: SessionView, situation: Situation, { chooser }: Knowledge): RecordChoice {
    const { learned } = this.#parts;
    const { optimization } = view.order?.spec ?? {};
    const modeChoice = chosenMode(situation, chooser, view.order?.spec ?? {}, {
      underTrialMs: learned.underTrialMs(key.namespace),
      // Without optimization there is no exploration.
      exploration: optimization === undefined ? 0 : optimization.exploration || 0.05,
    });
    if (modeChoice.explored) learned.trying(key, expectedLossMs(modeChoice));
    const mode = modes[modeChoice.candidates[modeChoice.chosen]?.mode ?? "workflow"];
    const choice = choiceOf(modeChoice);
    if (mode !== Mode.MODE_HYBRID)
      return { choice, mode, parts: [singlePart(view, mode, modeChoice.reason)] };
    return { ...inParts(view, situation), choice };
  }
}

/** Adds a note to a choice that is based on old estimates. */
function withAbsence(body: RecordChoice, absence: string | undefined): RecordChoice {
  if (absence === undefined || body.choice === undefined) return body;
  return { ...body, choice: { ...body.choice, reason: `${body.choice.reason} (${absence})` } };
}

function singlePart(view: SessionView, mode: Mode, reason: string) {
  return { mode, tasks: view.tasks.map(({ number }) => number), reason, elsewhere: [], budget: undefined };
}

function safely(view: SessionView, reason: string): RecordChoice {
  const mode = Mode.MODE_WORKFLOW;
  const candidate = {
    mode,
    taskIds: [],
    eligible: true,
    expectedMs: 0,
    highMs: 0,
    expectedUse: undefined,
    expectedQuality: 0,
    score: 0,
    reason: "it does what was declared, in its order",
  };
  const choice: Choice = {
    choiceId: "",
    sessionId: "",
    kind: "mode",
    chooseTime: undefined,
    features: {},
    candidates: [candidate],
    chosen: 0,
    confidence: 0,
    explored: false,
    fallback: true,
    reason,
    model: "none",
    outcome: undefined,
  };
  return { choice, mode, parts: [singlePart(view, mode, reason)] };
}

/**
 * Divides by structure: chains, independent tasks, and regions whose tasks differ and wait for each other.
 */
function inParts(view: SessionView, situation: Situation): RecordChoice {
  const cut = cutOf(situation, usualDelays);
  const parts = cut.map(({ mode, tasks, reason }) => ({
    mode: modes[mode],
    tasks: tasks.map((place) => view.tasks[place]?.number ?? 0),
    reason,
    elsewhere: [],
    budget: undefined,
  }));
  const summary = cut
    .map(({ mode, tasks }) => `${counted(tasks.length, "task")} in the mode ${mode}`)
    .join(", ");
  const reason =
    cut.length === 1
      ? `its tasks suit one mode: ${summary}`
      : `its graph has ${cut.length} parts: ${summary}`;
  const choice: Choice = {
    choiceId: "",
    sessionId: "",
    kind: "cut",
    chooseTime: undefined,
    features: { parts: cut.length },
    chosen: 0,
    candidates: cut.map(({ mode, tasks, reason: partReason }) => ({
      mode: modes[mode],
      taskIds: tasks.slice(0, 1_000).map((place) => situation.taskIds[place] ?? ""),
      eligible: true,
      expectedMs: 0,
      highMs: 0,
      expectedUse: undefined,
      expectedQuality: 0,
      score: 0,
      reason: partReason,
    })),
    confidence: 1,
    explored: false,
    fallback: false,
    reason,
    model: "cut/1",
    outcome: undefined,
  };
  return { choice, mode: Mode.MODE_HYBRID, parts };
}
