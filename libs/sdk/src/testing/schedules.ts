/** Schedules in a test: years of them pass at once. */
import { type PlannedRule, RunSpec, SchedulePlan } from "@tutti/contracts/workflow/v1";
import { type Command, type InstanceKey, isRefusal, TuttiError } from "@tutti/kernel";
import { cancelRun, terminateRun } from "@tutti/machine-run";
import {
  confirmStart,
  confirmStop,
  create,
  facts,
  pause,
  refuseStart,
  resume,
  type ScheduleFacts,
  type StartRun,
  type StopRun,
  trigger,
} from "@tutti/machine-schedule";
import { valueIn } from "../client/payloads.ts";
import { type OverlapWord, overlapOf } from "../client/schedule.ts";
import { type SpecOptions, specOf } from "../client/spec.ts";
import { WorkflowTestError } from "./fault.ts";
import type { TestRun } from "./run.ts";
import type { StagedEffect } from "./stage.ts";
import { type Duration, durationMs } from "./waiting.ts";
import type { World } from "./world.ts";

export interface TestScheduleOptions extends Pick<SpecOptions, "input" | "parameters" | "labels"> {
  /** Five fields, six with seconds first, or `@hourly` and the like; several if need be. */
  readonly cron?: string | readonly string[];
  /** Again and again after so long. */
  readonly every?: Duration;
  /** In which `cron` is read: `Europe/Zurich`. Default: UTC. */
  readonly timeZone?: string;
  /** Default `skip`. */
  readonly overlap?: OverlapWord;
  /** Default false. */
  readonly pauseOnFailure?: boolean;
  /** After how many runs it pauses. Default: never. */
  readonly maxRuns?: number;
}

/** A schedule of a test. */
export class TestSchedule<Output = unknown> {
  readonly id: string;
  readonly #world: World;
  readonly #runOf: (id: string) => TestRun<Output>;

  constructor(world: World, id: string, runOf: (id: string) => TestRun<Output>) {
    this.#world = world;
    this.id = id;
    this.#runOf = runOf;
  }

  /** The runs that it has started, in their order. */
  get runs(): readonly TestRun<Output>[] {
    return this.#world.schedules.startedBy(this.id).map((id) => this.#runOf(id));
  }

  /** How often its time came and no run began, because the one before had not ended. */
  get skipped(): number {
    return this.#facts.skippedCount;
  }

  get paused(): boolean {
    return this.#facts.paused;
  }

  /** When its next runs begin; none while it is paused. */
  get nextTimes(): readonly Date[] {
    return this.#facts.nextMs.map((ms) => new Date(ms));
  }

  /** Lets so much time pass; every run that is due begins at its moment. */
  async skip(span: Duration): Promise<void> {
    const { time } = this.#world;
    const untilMs = time.monotonic() + durationMs(span);
    await this.#world.proceed({ untilMs, isDone: () => time.monotonic() >= untilMs });
    await this.#world.proceed({ untilMs: time.monotonic(), isDone: () => false });
  }

  /** Starts a run now. */
  async trigger(): Promise<void> {
    this.#world.schedules.tell(this.id, trigger, { overlap: 0 });
    await this.#world.time.flush();
  }

  pause(reason = ""): void {
    this.#world.schedules.tell(this.id, pause, { note: reason });
  }

  resume(reason = ""): void {
    this.#world.schedules.tell(this.id, resume, { note: reason });
  }

  get #facts(): ScheduleFacts {
    return this.#world.schedules.factsOf(this.id);
  }
}

/** The schedules of a test, and the starting and stopping of their runs. */
export class Schedules {
  readonly #world: World;
  readonly #started = new Map<string, string[]>();

  constructor(world: World) {
    this.#world = world;
  }

  create(id: string, definition: string, options: TestScheduleOptions): void {
    const { timeZone = "", overlap, pauseOnFailure = false, maxRuns = 0 } = options;
    const plan = SchedulePlan.fromPartial({
      ...{
        timing: { rules: rulesOf(options), timeZone },
        overlap: overlapOf(overlap),
        pauseOnFailure,
        maxRuns,
      },
      ...{ definition, catchUpMs: 60_000 },
      run: RunSpec.encode(specOf(definition, options)).finish(),
    });
    this.tell(id, create, { plan, paused: false, note: "" });
  }

  // biome-ignore lint/suspicious/noExplicitAny: the machine's own types do not matter here
  tell<Body>(id: string, command: Command<any, Body>, body: Body): void {
    const answer = this.#world.stage.execute(this.#keyOf(id), command, body);
    if (isRefusal(answer)) throw new TuttiError(answer);
  }

  factsOf(id: string): ScheduleFacts {
    const found = this.#world.stage.ask(this.#keyOf(id), facts, undefined);
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
      this.#world.begin({
        ...{ id: runId, definition, labels, input: valueIn(input) },
        ...(parameters !== undefined && { parameters: valueIn(parameters) as never }),
        parent: { ...key, task: "" },
      });
      const started = this.#started.get(key.id) ?? [];
      started.push(runId);
      this.#started.set(key.id, started);
      this.#world.stage.settle(staged, confirmStart, { existed: false, ended: false });
    } catch (thrown) {
      if (!(thrown instanceof TuttiError || thrown instanceof WorkflowTestError)) throw thrown;
      const code = thrown instanceof TuttiError ? thrown.code : "workflow.request_invalid";
      this.#world.stage.settle(staged, refuseStart, { code, message: thrown.message });
    }
  }

  stop(staged: StagedEffect, { runId, terminate }: StopRun): void {
    const { stage } = this.#world;
    const reason = `another run of the schedule ${staged.key.id} takes its place`;
    const command = terminate ? terminateRun : cancelRun;
    const answer = stage.execute(this.#world.keyOf(runId), command, { reason });
    stage.settle(staged, confirmStop, { ended: isRefusal(answer) });
  }

  #keyOf(id: string): InstanceKey {
    return { ...this.#world.keyOf(id), kind: "schedule" };
  }
}

function rulesOf({ cron = [], every }: TestScheduleOptions): PlannedRule[] {
  const none = { cron: "", everyMs: 0, offsetMs: 0, onceMs: 0 };
  const lines = typeof cron === "string" ? [cron] : cron;
  const rules = lines.map((line) => ({ ...none, cron: line }));
  return every === undefined ? rules : [...rules, { ...none, everyMs: durationMs(every) }];
}
