/** Schedules in a test: their machine, and the starting and stopping of their runs. */
import type { WorkReference } from "@tutti/contracts/types/v1";
import { type PlannedRule, RunSpec, SchedulePlan } from "@tutti/contracts/workflow/v1";
import type { Json } from "@tutti/expressions";
import { type Command, type InstanceKey, isRefusal, TuttiError } from "@tutti/kernel";
import { cancelRun, terminateRun } from "@tutti/machine-run";
import {
  confirmStart,
  confirmStop,
  create,
  facts,
  refuseStart,
  type ScheduleFacts,
  type StartRun,
  type StopRun,
} from "@tutti/machine-schedule";
import { valueIn } from "../client/payloads.ts";
import { type OverlapPolicyName, overlapOf } from "../client/schedule.ts";
import { type SpecOptions, specOf } from "../client/spec.ts";
import { WorkflowTestError } from "./fault.ts";
import type { Stage, StagedEffect } from "./stage.ts";
import { type Duration, durationMs } from "./waiting.ts";

export interface TestScheduleOptions extends Pick<SpecOptions, "input" | "parameters" | "labels"> {
  /** Five fields, six with seconds first, or a macro such as `@hourly`. One or several. */
  readonly cron?: string | readonly string[];
  /** Again and again after so long. */
  readonly every?: Duration;
  /** Time zone of `cron`: `Europe/Zurich`. Default: UTC. */
  readonly timeZone?: string;
  /** Default `skip`. */
  readonly overlap?: OverlapPolicyName;
  /** Default false. */
  readonly pauseOnFailure?: boolean;
  /** Number of runs after which it pauses. Default: never. */
  readonly maxRuns?: number;
}

/** The environment of schedules in a test. */
export interface ScheduleGround {
  readonly stage: Stage;
  keyOf(runId: string): InstanceKey;
  startRun(run: ScheduledRun): void;
}

interface ScheduledRun {
  readonly id: string;
  readonly definition: string;
  readonly input: unknown;
  readonly labels: Readonly<Record<string, string>>;
  readonly parameters?: Json | undefined;
  readonly parent: WorkReference;
}

/** The schedules of a test, and the starting and stopping of their runs. */
export class Schedules {
  readonly #ground: ScheduleGround;
  readonly #started = new Map<string, string[]>();

  constructor(ground: ScheduleGround) {
    this.#ground = ground;
  }

  create(id: string, definition: string, options: TestScheduleOptions): void {
    const { timeZone = "", overlap, pauseOnFailure = false, maxRuns = 0 } = options;
    const plan = SchedulePlan.fromPartial({
      timing: { rules: rulesOf(options), timeZone },
      overlap: overlapOf(overlap),
      pauseOnFailure,
      maxRuns,
      ...{ definition, catchUpMs: 60_000 },
      run: RunSpec.encode(specOf(definition, options)).finish(),
    });
    this.execute(id, create, { plan, paused: false, note: "" });
  }

  // biome-ignore lint/suspicious/noExplicitAny: the machine's own types do not matter here
  execute<Body>(id: string, command: Command<any, Body>, body: Body): void {
    const answer = this.#ground.stage.execute(this.#keyOf(id), command, body);
    if (isRefusal(answer)) throw new TuttiError(answer);
  }

  factsOf(id: string): ScheduleFacts {
    const found = this.#ground.stage.query(this.#keyOf(id), facts, undefined);
    if (isRefusal(found)) throw new TuttiError(found);
    return found;
  }

  startedBy(id: string): readonly string[] {
    return this.#started.get(id) ?? [];
  }

  start(staged: StagedEffect, { runId, run }: StartRun): void {
    const { key } = staged;
    const { what, input, parameters, labels } = RunSpec.decode(run);
    const definition = what?.$case === "definition" ? what.value.name : "";
    try {
      this.#ground.startRun({
        ...{ id: runId, definition, labels, input: valueIn(input) },
        ...(parameters !== undefined && { parameters: valueIn(parameters) as Json }),
        parent: { ...key, task: "" },
      });
      const started = this.#started.get(key.id) ?? [];
      started.push(runId);
      this.#started.set(key.id, started);
      this.#ground.stage.settle(staged, confirmStart, { existed: false, ended: false });
    } catch (thrown) {
      if (!(thrown instanceof TuttiError || thrown instanceof WorkflowTestError)) throw thrown;
      const code = thrown instanceof TuttiError ? thrown.code : "workflow.request_invalid";
      this.#ground.stage.settle(staged, refuseStart, { code, message: thrown.message });
    }
  }

  stop(staged: StagedEffect, { runId, terminate }: StopRun): void {
    const { stage } = this.#ground;
    const reason = `another run of the schedule ${staged.key.id} takes its place`;
    const command = terminate ? terminateRun : cancelRun;
    const answer = stage.execute(this.#ground.keyOf(runId), command, { reason });
    stage.settle(staged, confirmStop, { ended: isRefusal(answer) });
  }

  #keyOf(id: string): InstanceKey {
    return { ...this.#ground.keyOf(id), kind: "schedule" };
  }
}

function rulesOf({ cron = [], every }: TestScheduleOptions): PlannedRule[] {
  const emptyRule = { cron: "", everyMs: 0, offsetMs: 0, onceMs: 0 };
  const lines = typeof cron === "string" ? [cron] : cron;
  const rules = lines.map((line) => ({ ...emptyRule, cron: line }));
  return every === undefined ? rules : [...rules, { ...emptyRule, everyMs: durationMs(every) }];
}
