/** Options of the steps of a durable function, with their tables. Those of a task are as in a definition. */
import type { TaskDocument } from "@tutti/definitions";
import { retryNames, type StepRetry, stepRetryNames } from "../client/work/retry.ts";
import {
  amounts,
  date,
  durationText,
  either,
  flag,
  labels,
  number,
  type OptionNames,
  oneOf,
  plain,
  priority,
  text,
  wholeNumber,
} from "../options.ts";
import type { StoreOptions } from "../task/context.ts";
import type { StepOptions } from "./instance.ts";
import type { LoopOptions } from "./loop.ts";

export interface RunOptions extends StepOptions {
  /** Default: 5 attempts, 1 s to 1 min apart. A number is that of all attempts. */
  readonly retry?: number | StepRetry;
}

/** Options of a task, as in a definition, and its id in the run. */
export type CallOptions = Pick<
  TaskDocument,
  | "title"
  | "retry"
  | "timeout"
  | "compensate"
  | "priority"
  | "labels"
  | "placement"
  | "resources"
  | "budget"
  | "cost"
  | "limits"
  | "cache"
  | "dueTime"
  | "idempotencyKey"
  | "gang"
> & {
  /** Default: the name of the capability. */
  readonly id?: string;
};

/** Options of an agent. Its id in the run is `agent` by default. */
export type AgentOptions = Pick<CallOptions, "title" | "retry" | "timeout" | "labels" | "id">;

export type ChildOptions = Pick<
  TaskDocument,
  "title" | "retry" | "timeout" | "labels" | "priority" | "parentClose" | "parameters" | "budget"
> & { readonly id?: string };

export interface SignalOptions {
  /** How long to wait. Then it rejects with `workflow.signal_missing`. */
  readonly within?: string;
  readonly id?: string;
}

export interface EventWaitOptions {
  /** Which of these events, an expression over `event`: `event.data.order == 7`. Default: the first one. */
  readonly if?: string;
  /** The attribute `source` of the event. Default: any. */
  readonly source?: string;
  /** How long to wait. Then it rejects with `workflow.event_missing`. */
  readonly within?: string;
  readonly id?: string;
}

export interface EmitOptions {
  /** Subject of the event. Default: its id. */
  readonly subject?: string;
  /** Publisher of the event. Default: the run. */
  readonly source?: string;
  /** Id of the task. Default: the type. */
  readonly id?: string;
}

export type ApproveOptions = NonNullable<TaskDocument["approve"]> & { readonly id?: string };

/** Options of a wait, whose only one is its id in the run. */
export interface WaitOptions {
  readonly id?: string;
}

const timeout = {
  [plain]: durationText,
  queue: durationText,
  run: durationText,
  heartbeat: durationText,
  total: durationText,
};
const budget = { tokens: number(0), money: number(0), time: durationText };
const selector = { equals: labels, exists: [text], absent: [text] } as const;

export const runNames: OptionNames<RunOptions> = { confirm: flag, atMostOnce: flag, retry: stepRetryNames };

export const fileNames: OptionNames<StoreOptions> = { mediaType: text };

export const agentNames: OptionNames<AgentOptions> = {
  title: text,
  retry: retryNames,
  timeout,
  labels,
  id: text,
};

export const callNames: OptionNames<CallOptions> = {
  ...agentNames,
  compensate: { uses: text, with: true, retry: retryNames, timeout },
  priority,
  placement: {
    pool: text,
    require: selector,
    prefer: selector,
    sameAgentAs: [text],
    notAgentOf: [text],
    stickyKey: text,
    contextKey: text,
  },
  resources: amounts,
  budget,
  cost: { duration: durationText, money: number(0), tokens: number(0), by: [text] },
  limits: [
    {
      key: text,
      concurrency: wholeNumber(0),
      rate: { [plain]: text, count: number(0), per: durationText, burst: number(0) },
      resources: amounts,
    },
  ],
  cache: {
    [plain]: text,
    key: text,
    ttl: durationText,
    stale: durationText,
    failures: durationText,
    tags: [text],
    auto: flag,
  },
  dueTime: either(text, date),
  idempotencyKey: text,
  gang: text,
};

export const childNames: OptionNames<ChildOptions> = {
  ...agentNames,
  priority,
  parentClose: oneOf(["cancel", "terminate", "abandon"]),
  parameters: true,
  budget,
};

export const waitNames: OptionNames<WaitOptions> = { id: text };

export const signalNames: OptionNames<SignalOptions> = { within: durationText, id: text };

export const eventNames: OptionNames<EventWaitOptions> = {
  if: text,
  source: text,
  within: durationText,
  id: text,
};

export const emitNames: OptionNames<EmitOptions> = { subject: text, source: text, id: text };

export const approveNames: OptionNames<ApproveOptions> = {
  by: [text],
  exclude: text,
  title: text,
  message: text,
  context: true,
  form: true,
  needed: wholeNumber(1),
  within: durationText,
  claimFor: durationText,
  id: text,
};

export const loopNames: OptionNames<LoopOptions> = { steps: wholeNumber(1) };
