/** Options of sessions: tasks or a goal, mode, optimization and limits. */

import {
  type Goal,
  Mode,
  type Monitoring,
  MonitoringLevel,
  type Optimization,
  type SessionDependency,
  SessionSpec,
} from "@tutti/contracts/session/v1";
import { NeedCondition } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import {
  amounts,
  date,
  duration,
  either,
  flag,
  labels,
  number,
  type OptionNames,
  oneOf,
  plain,
  priority,
  requireKnown,
  text,
  wholeNumber,
} from "../../options.ts";
import { payloadOf } from "../payloads.ts";
import { deprecatedValue } from "../work/deprecated.ts";
import { type Duration, eitherDuration } from "../work/duration.ts";
import { type AmountsOptions, amountNames, amountsOf, taskSpecOf, type WorkTask } from "../work/task.ts";

/**
 * Output types of capabilities, by name. A program adds its own, so that the outputs of sessions have their types:
 *
 *     declare module "@tutti/sdk/client" {
 *       interface Capabilities { "text.write": { readonly output: string } }
 *     }
 */
// biome-ignore lint/suspicious/noEmptyInterface: programs add to it.
export interface Capabilities {}

type OutputOfTask<Task> = Task extends { readonly uses: infer Name extends keyof Capabilities }
  ? Capabilities[Name] extends { readonly output: infer Output }
    ? Output
    : unknown
  : unknown;

/** Outputs of tasks by id: the output of a session without `output`. */
export type OutputsOf<Task extends WorkTask> = {
  readonly [One in Task as One["id"]]: OutputOfTask<One>;
};

/** A key that no task has is found by the compiler. */
type Known<Task> = Readonly<Partial<Record<Exclude<keyof Task, keyof WorkTask>, never>>>;

export type ModeName = "workflow" | "swarm" | "intelligence" | "hybrid" | "adaptive";

/** Weights of the objectives. Only the proportion counts. */
export interface OptimizationWeights {
  readonly time?: number;
  readonly cost?: number;
  readonly quality?: number;
  /** Share of additional time that learning may cost. Default: 0.05. */
  readonly exploration?: number;
  /** Whether it stays in the first mode. */
  readonly fixed?: boolean;
}

export type MonitoringLevelName = "minimal" | "standard" | "detailed";

export interface GoalOptions {
  /** Goal in words. */
  readonly description: string;
  /** Capability that divides the goal into tasks. Default: the configured one. */
  readonly planner?: string;
  /**
   * CEL over `output` and `input`: true if the goal is reached. Default: it is reached when the tasks have completed.
   */
  readonly reached?: string;
}

export interface AfterSession {
  readonly session: string;
  /** Default: the namespace of this session. */
  readonly namespace?: string;
  /** Required outcome. Default: `success`. */
  readonly on?: "success" | "failure" | "always";
  /** @deprecated use `on` */
  readonly end?: "success" | "failure" | "always";
}

export interface SessionSettings {
  /** Id, chosen by the caller: a second start with the same id returns the same session. Default: a new id. */
  readonly id?: string;
  readonly idempotencyKey?: string;
  readonly title?: string;
  /** Value of `input` in expressions. */
  readonly input?: unknown;
  /** Mode. Default: Tutti chooses. Name your own orchestrator by its capability. */
  readonly mode?: ModeName | { readonly orchestrator: string };
  /** Goals of the optimization. `true` balances all of them. Default: off, so no mode is tried in order to learn. */
  readonly optimization?: boolean | "time" | "cost" | "quality" | OptimizationWeights;
  /** Level of monitoring. `true` and the default are the standard level. */
  readonly monitoring?:
    | boolean
    | MonitoringLevelName
    | {
        readonly level?: MonitoringLevelName;
        /**
         * Share by which a task may differ from its plan before the difference is reported, and the session is planned
         * again. Default: 0.5.
         */
        readonly deviation?: number;
      };
  /** Limits of its use. Default: none. */
  readonly budget?: AmountsOptions;
  /** Pool of its tasks, if they name none. */
  readonly pool?: string;
  /** Added to the priority of each of its tasks, -100 to 100. */
  readonly priority?: number;
  readonly dueTime?: Date;
  /** Timeout: `2h`, or milliseconds. Default: no limit. */
  readonly timeout?: Duration;
  /** @deprecated use `timeout` */
  readonly timeoutMs?: number;
  /** Share relative to other sessions when resources are scarce. Default: 1. */
  readonly weight?: number;
  /** Concurrent use, by name: `slots`, and named resources. */
  readonly limits?: Readonly<Record<string, number>>;
  /** Ids of reservations that it may use. */
  readonly reservations?: readonly string[];
  /** Sessions that must end before it starts. */
  readonly after?: readonly (string | AfterSession)[];
  /** Locks that it holds while it runs. */
  readonly locks?: readonly (
    | string
    | { readonly name: string; readonly permits?: number; readonly shared?: boolean }
  )[];
  readonly labels?: Readonly<Record<string, string>>;
  /** Retention after its end: `30d`, or milliseconds. */
  readonly retention?: Duration;
  /** @deprecated use `retention` */
  readonly retentionMs?: number;
}

/** A session of these tasks. */
export interface TaskSessionOptions<
  Task extends WorkTask = WorkTask,
  Expression extends string | undefined = string | undefined,
> extends SessionSettings {
  readonly tasks: readonly (Task & NoInfer<Known<Task>>)[];
  /** CEL over `tasks` and `input`. Default: the outputs of all tasks by id. */
  readonly output?: Expression;
}

/** A session with a goal, or of a registered definition. */
export type OtherSessionOptions = SessionSettings &
  (
    | { readonly goal: string | GoalOptions }
    | { readonly definition: string; readonly version?: string; readonly parameters?: unknown }
  );

export type SessionOptions = TaskSessionOptions | OtherSessionOptions;

interface EachSessionOption extends SessionSettings {
  readonly tasks: readonly unknown[];
  readonly output: unknown;
  readonly goal: string | GoalOptions;
  readonly definition: unknown;
  readonly version: unknown;
  readonly parameters: unknown;
}

export const modes = {
  workflow: Mode.MODE_WORKFLOW,
  swarm: Mode.MODE_SWARM,
  intelligence: Mode.MODE_INTELLIGENCE,
  hybrid: Mode.MODE_HYBRID,
  adaptive: Mode.MODE_ADAPTIVE,
} as const;

const levels = {
  minimal: MonitoringLevel.MONITORING_LEVEL_MINIMAL,
  standard: MonitoringLevel.MONITORING_LEVEL_STANDARD,
  detailed: MonitoringLevel.MONITORING_LEVEL_DETAILED,
} as const;

const ends = {
  success: NeedCondition.NEED_CONDITION_SUCCESS,
  failure: NeedCondition.NEED_CONDITION_FAILURE,
  always: NeedCondition.NEED_CONDITION_ALWAYS,
} as const;

const dependencyNames: OptionNames<AfterSession> = {
  session: text,
  namespace: text,
  on: oneOf(ends),
  end: oneOf(ends),
};
const level = oneOf(levels);
const weight = number(0);

const optionNames: OptionNames<EachSessionOption> = {
  id: text,
  idempotencyKey: text,
  title: text,
  input: true,
  mode: { [plain]: oneOf(modes), orchestrator: text },
  optimization: {
    [plain]: either(flag, oneOf(["time", "cost", "quality"])),
    time: weight,
    cost: weight,
    quality: weight,
    exploration: number(0, 1),
    fixed: flag,
  },
  monitoring: { [plain]: either(flag, level), level, deviation: number(0) },
  budget: amountNames,
  pool: text,
  priority,
  dueTime: date,
  timeout: duration,
  timeoutMs: duration,
  weight,
  limits: amounts,
  reservations: [text],
  after: [{ [plain]: text, ...dependencyNames }],
  locks: [{ [plain]: text, name: text, permits: wholeNumber(0), shared: flag }],
  labels,
  retention: duration,
  retentionMs: duration,
  tasks: [true],
  output: text,
  goal: { [plain]: text, description: text, planner: text, reached: text },
  definition: text,
  version: text,
  parameters: true,
};

export function modeOf(mode: ModeName): Mode {
  return modes[mode];
}

export function sessionSpecOf(options: SessionOptions): SessionSpec {
  requireKnown<EachSessionOption>("session", options as EachSessionOption, optionNames);
  const { mode = "adaptive", dueTime, budget } = options;
  const spec = SessionSpec.fromPartial({
    title: options.title ?? "",
    pool: options.pool ?? "",
    priority: options.priority ?? 0,
    timeoutMs: eitherDuration("timeout", options.timeout, options.timeoutMs) ?? 0,
    weight: options.weight ?? 0,
    retentionMs: eitherDuration("retention", options.retention, options.retentionMs) ?? 0,
    labels: { ...options.labels },
    limits: { ...options.limits },
    reservationIds: [...(options.reservations ?? [])],
    mode: typeof mode === "string" ? modes[mode] : Mode.MODE_CUSTOM,
    orchestrator: typeof mode === "string" ? "" : mode.orchestrator,
    budget: budget && amountsOf(budget),
    dueTime: dueTime && toTimestamp(dueTime.getTime()),
    locks: (options.locks ?? []).map((lock) => (typeof lock === "string" ? { name: lock } : lock)),
  });
  spec.dependsOn = (options.after ?? []).map(dependencyOf);
  spec.optimization = optimizationOf(options.optimization);
  spec.monitoring = monitoringOf(options.monitoring);
  spec.work = workOf(options);
  return spec;
}

function workOf(options: SessionOptions): SessionSpec["work"] {
  const input = payloadOf(options.input, "input");
  if ("tasks" in options) {
    const { tasks, output = "" } = options;
    return { $case: "tasks", value: { tasks: tasks.map(taskSpecOf), output, input } };
  }
  if ("goal" in options) return { $case: "goal", value: { ...goalOf(options.goal), input } };
  const { definition: name, version: label, parameters } = options;
  const version = label === undefined ? undefined : { $case: "label" as const, value: label };
  return {
    $case: "definition",
    value: { definition: { name, version }, input, parameters: payloadOf(parameters, "parameters") },
  };
}

function goalOf(goal: string | GoalOptions): Omit<Goal, "input"> {
  const { description, planner = "", reached = "" } = typeof goal === "string" ? { description: goal } : goal;
  return { description, planner, reached };
}

function optimizationOf(optimization: SessionSettings["optimization"] = false): Optimization | undefined {
  if (optimization === false) return undefined;
  const balanced = { time: 0, cost: 0, quality: 0, exploration: 0, fixed: false };
  if (optimization === true) return balanced;
  return { ...balanced, ...(typeof optimization === "string" ? { [optimization]: 1 } : optimization) };
}

function monitoringOf(monitoring: SessionSettings["monitoring"]): Monitoring | undefined {
  if (monitoring === undefined) return undefined;
  if (typeof monitoring === "boolean")
    return { level: monitoring ? levels.standard : levels.minimal, deviation: 0 };
  const { level = "standard", deviation = 0 } =
    typeof monitoring === "string" ? { level: monitoring } : monitoring;
  return { level: levels[level], deviation };
}

export function dependencyOf(after: string | AfterSession): SessionDependency {
  const {
    session: id,
    namespace = "",
    on,
    end: older,
  } = typeof after === "string" ? { session: after } : after;
  const end = on ?? deprecatedValue(older, "end", "on") ?? "success";
  return { session: { namespace, kind: "session", id, task: "" }, condition: ends[end] };
}
