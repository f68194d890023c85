/** A schedule, as a program makes and steers it. */
import {
  type Firing,
  Overlap,
  ScheduleFilter,
  type Schedule as ScheduleMessage,
  ScheduleTiming,
  type scheduleService,
  type TimingRule,
} from "@tutti/contracts/workflow/v1";
import { toTimestamp } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { sdkErrors } from "../errors.ts";
import {
  duration,
  either,
  flag,
  type OptionNames,
  oneOf,
  requireKnown,
  text,
  texts,
  wholeNumber,
} from "../options.ts";
import { type SpecOptions, specNames, specOf } from "./spec.ts";
import { type Duration, eitherDuration } from "./work/duration.ts";
import { pagesOfLines } from "./work/paging.ts";

const overlaps = {
  skip: Overlap.OVERLAP_SKIP,
  queueOne: Overlap.OVERLAP_QUEUE_ONE,
  queueAll: Overlap.OVERLAP_QUEUE_ALL,
  cancelOther: Overlap.OVERLAP_CANCEL_OTHER,
  terminateOther: Overlap.OVERLAP_TERMINATE_OTHER,
  allow: Overlap.OVERLAP_ALLOW,
} as const;

/** Action if the previous run has not ended. */
export type OverlapPolicyName = keyof typeof overlaps;

const overlapCheck = oneOf(overlaps);
const callNames = { overlap: overlapCheck };

/** Policy of a call that starts runs. */
export function overlapOf(policy: OverlapPolicyName | undefined): Overlap {
  requireKnown("schedule", { overlap: policy }, callNames);
  return policy === undefined ? Overlap.OVERLAP_UNSPECIFIED : overlaps[policy];
}

export interface ScheduleOptions extends SpecOptions {
  /** Five fields, six with seconds first, or a macro such as `@hourly`. One or several. */
  readonly cron?: string | readonly string[];
  /** The interval between two runs, at least 1 s: `10m`, or milliseconds. */
  readonly every?: Duration;
  /** @deprecated use `every` */
  readonly everyMs?: number;
  /** Time zone of `cron`: `Europe/Zurich`. Default: UTC. */
  readonly timeZone?: string;
  /** Maximum random delay of each time: `1m`, or milliseconds. Default: 0. */
  readonly jitter?: Duration;
  /** @deprecated use `jitter` */
  readonly jitterMs?: number;
  /** Default `skip`. */
  readonly overlap?: OverlapPolicyName;
  /** Maximum lateness after a downtime of the platform: `1h`, or milliseconds. Default: 1 min. */
  readonly catchUp?: Duration;
  /** @deprecated use `catchUp` */
  readonly catchUpMs?: number;
  /** Default false. */
  readonly pauseOnFailure?: boolean;
  /** Number of runs after which it pauses. Default: never. */
  readonly maxRuns?: number;
  readonly description?: string;
}

const ownNames: OptionNames<Omit<ScheduleOptions, keyof SpecOptions>> = {
  cron: either(text, texts),
  every: duration,
  everyMs: duration,
  timeZone: text,
  jitter: duration,
  jitterMs: duration,
  overlap: overlapCheck,
  catchUp: duration,
  catchUpMs: duration,
  pauseOnFailure: flag,
  maxRuns: wholeNumber(0),
  description: text,
};
const optionNames: OptionNames<ScheduleOptions> = { ...specNames, ...ownNames };

/** Changes of a schedule. Absent fields stay as they are. */
export interface ScheduleChanges extends Omit<ScheduleOptions, keyof SpecOptions> {
  /** The new definition and input of its runs. */
  readonly run?: SpecOptions & { readonly definition: string };
}

const changeNames: OptionNames<ScheduleChanges> = { ...ownNames, run: { ...specNames, definition: text } };

export interface ScheduleParts {
  readonly schedules: Client<typeof scheduleService>;
  readonly namespace: string;
}

export class ScheduleHandle {
  readonly id: string;
  readonly #parts: ScheduleParts;

  constructor(parts: ScheduleParts, id: string) {
    this.#parts = parts;
    this.id = id;
  }

  /** Returns the current schedule, with its next times and the results of the latest ones. */
  async get(): Promise<ScheduleMessage> {
    const { schedule } = await this.#parts.schedules.getSchedule(this.#which);
    if (schedule === undefined) throw sdkErrors.replyIncomplete({ about: `schedule ${this.id}` });
    return schedule;
  }

  /** Changes the schedule. Rejects if another caller changed it since this client read it. */
  async update(changes: ScheduleChanges, reason = ""): Promise<ScheduleMessage> {
    requireKnown("schedule", changes, changeNames);
    const before = await this.get();
    const fields = fieldsOf(changes);
    const { schedule } = await this.#parts.schedules.updateSchedule({
      namespace: this.#parts.namespace,
      schedule: {
        ...before,
        description: changes.description ?? before.description,
        timing: timingAfter(before.timing, changes),
        run: changes.run === undefined ? before.run : specOf(changes.run.definition, changes.run),
        policy: policyAfter(before.policy, changes),
      },
      update: { fields, revision: before.revision },
      reason,
    });
    if (schedule === undefined) throw sdkErrors.replyIncomplete({ about: `schedule ${this.id}` });
    return schedule;
  }

  /** Starts a run now, and returns the result. */
  async trigger(reason = "", overlap?: OverlapPolicyName): Promise<Firing> {
    const { firing } = await this.#parts.schedules.triggerSchedule({
      ...this.#which,
      reason,
      idempotencyKey: "",
      overlap: overlapOf(overlap),
    });
    if (firing === undefined) throw sdkErrors.replyIncomplete({ about: `schedule ${this.id}` });
    return firing;
  }

  /** Starts the runs of a past time range, and returns their number. */
  async backfill(from: Date, to: Date, reason = "", overlap?: OverlapPolicyName): Promise<number> {
    const { count } = await this.#parts.schedules.backfillSchedule({
      ...this.#which,
      reason,
      idempotencyKey: "",
      span: { from: toTimestamp(from.getTime()), to: toTimestamp(to.getTime()) },
      overlap: overlapOf(overlap),
    });
    return count;
  }

  async pause(reason = ""): Promise<void> {
    await this.#parts.schedules.pauseSchedule({ ...this.#which, reason });
  }

  async resume(reason = ""): Promise<void> {
    await this.#parts.schedules.resumeSchedule({ ...this.#which, reason });
  }

  /** Deletes it. Runs that it started continue. */
  async delete(reason = ""): Promise<void> {
    await this.#parts.schedules.deleteSchedule({ ...this.#which, reason });
  }

  get #which(): { readonly namespace: string; readonly scheduleId: string } {
    return { namespace: this.#parts.namespace, scheduleId: this.id };
  }
}

const timingNames = ["cron", "every", "everyMs", "timeZone", "jitter", "jitterMs"] as const;
const policyNames = ["overlap", "catchUp", "catchUpMs", "pauseOnFailure", "maxRuns"] as const;

function fieldsOf(changes: ScheduleChanges): string[] {
  const has = (names: readonly (keyof ScheduleChanges)[]) =>
    names.some((name) => changes[name] !== undefined);
  return [
    ...(has(timingNames) ? ["timing"] : []),
    ...(has(policyNames) ? ["policy"] : []),
    ...(has(["run"]) ? ["run"] : []),
    ...(has(["description"]) ? ["description"] : []),
  ];
}

function timingAfter(before: ScheduleTiming | undefined, changes: ScheduleChanges): ScheduleTiming {
  const timing = timingOf(changes);
  return {
    ...(before ?? timing),
    ...(timing.rules.length > 0 && { rules: timing.rules }),
    ...(changes.timeZone !== undefined && { timeZone: changes.timeZone }),
    ...((changes.jitter ?? changes.jitterMs) !== undefined && { jitterMs: timing.jitterMs }),
  };
}

function policyAfter(
  before: ScheduleMessage["policy"],
  { overlap: policy, catchUp, catchUpMs, pauseOnFailure, maxRuns }: Omit<ScheduleOptions, keyof SpecOptions>,
): NonNullable<ScheduleMessage["policy"]> {
  return {
    overlap: policy === undefined ? (before?.overlap ?? Overlap.OVERLAP_UNSPECIFIED) : overlaps[policy],
    catchUpMs: eitherDuration("catchUp", catchUp, catchUpMs) ?? before?.catchUpMs ?? 0,
    pauseOnFailure: pauseOnFailure ?? before?.pauseOnFailure ?? false,
    maxRuns: maxRuns ?? before?.maxRuns ?? 0,
  };
}

export interface FindSchedulesOptions {
  /** Those that start runs of this workflow. */
  readonly definition?: string;
  readonly paused?: boolean;
}

const findNames: OptionNames<FindSchedulesOptions> = { definition: text, paused: flag };

/** The schedules of a namespace: they start runs at given times. */
export class Schedules {
  readonly #parts: ScheduleParts;

  constructor(parts: ScheduleParts) {
    this.#parts = parts;
  }

  /** Starts runs of a definition at given times. A repeated call returns the same schedule. */
  async create(id: string, definition: string, options: ScheduleOptions): Promise<ScheduleHandle> {
    requireKnown("schedule", options, optionNames);
    const { description } = options;
    await this.#parts.schedules.createSchedule({
      namespace: this.#parts.namespace,
      schedule: {
        namespace: "",
        scheduleId: id,
        description: description ?? "",
        paused: false,
        note: "",
        labels: {},
        nextTimes: [],
        recentFirings: [],
        liveRunIds: [],
        startedCount: 0,
        skippedCount: 0,
        createTime: undefined,
        updateTime: undefined,
        createCause: undefined,
        revision: "",
        run: specOf(definition, options),
        timing: timingOf(options),
        policy: policyAfter(undefined, options),
      },
    });
    return this.get(id);
  }

  /** Returns a schedule by its id. No call is made. */
  get(id: string): ScheduleHandle {
    return new ScheduleHandle(this.#parts, id);
  }

  /** Schedules that match, page by page. */
  list(options: FindSchedulesOptions = {}): AsyncGenerator<ScheduleMessage, void, void> {
    requireKnown("schedules.list", options, findNames);
    const { definition, paused } = options;
    const filter = ScheduleFilter.fromPartial({
      definitions: definition === undefined ? [] : [definition],
      ...(paused !== undefined && { paused }),
    });
    return pagesOfLines(async (page) => {
      const { namespace, schedules } = this.#parts;
      const reply = await schedules.listSchedules({ namespace, filter, page });
      return { items: reply.schedules, token: reply.page?.nextToken };
    });
  }
}

function timingOf(options: Omit<ScheduleOptions, keyof SpecOptions>): ScheduleTiming {
  const { cron = [], timeZone } = options;
  const everyMs = eitherDuration("every", options.every, options.everyMs);
  const jitterMs = eitherDuration("jitter", options.jitter, options.jitterMs);
  const lines = typeof cron === "string" ? [cron] : cron;
  const rules: TimingRule[] = lines.map((line) => ({ rule: { $case: "cron", value: line } }));
  if (everyMs !== undefined) rules.push({ rule: { $case: "interval", value: { everyMs, offsetMs: 0 } } });
  return ScheduleTiming.fromPartial({ rules, timeZone: timeZone ?? "", jitterMs: jitterMs ?? 0 });
}
