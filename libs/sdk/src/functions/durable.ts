/** Plain code that survives a crash: its steps are recorded, and it continues where it was. */
import type { TaskDocument, WorkflowDocument } from "@tutti/definitions";
import { retryNames } from "../client/work/retry.ts";
import { durationText, type OptionNames, requireKnown, text } from "../options.ts";
import type { FunctionContext } from "./context.ts";
import { continuationOf } from "./loop.ts";

export interface DurableOptions {
  /** One sentence for people. */
  readonly description?: string;
  /** Retry policy of turns, for example after a deployment of changed code. */
  readonly retry?: TaskDocument["retry"];
  /** Timeout of the function. */
  readonly timeout?: string;
  /** Pool of its workers. Default: that of the run. */
  readonly pool?: string;
}

const optionNames: OptionNames<DurableOptions> = {
  description: text,
  retry: retryNames,
  timeout: durationText,
  pool: text,
};

export type FunctionCode<Input, Output> = (ctx: FunctionContext, input: Input) => Output | Promise<Output>;

export interface DurableFunction<Input = unknown, Output = unknown> {
  readonly name: string;
  readonly code: FunctionCode<Input, Output>;
  /** The workflow by which it is started. */
  readonly definition: WorkflowDocument;
}

/** A function as a worker hosts it. */
export interface HostedFunction {
  readonly fn: DurableFunction;
  /** Version of its code, to which runs are pinned. Undefined: any worker continues a run. */
  readonly version: string | undefined;
  /** Part of new runs that a new version gets. */
  readonly percent: number;
}

/** The workflow whose runs stay with workers of this version of the code. */
export function definitionOf({ fn: { name, definition }, version }: HostedFunction): WorkflowDocument {
  if (version === undefined) return definition;
  const task = definition.tasks?.[name];
  return {
    ...definition,
    tasks: { ...definition.tasks, [name]: { ...task, function: `${name}@${version}` } },
  };
}

/**
 * Attempts of a turn, before a person is asked. A turn fails when its code has changed, not when it throws.
 *
 * @defaults
 */
const turnRetry = { attempts: 5, backoff: "1s..1m", exhausted: "pause" } as const;

/**
 * Creates a durable function. Give it to a worker with `worker.durable(fn)`, and start it by its name as any
 * workflow.
 */
export function durable<Input = unknown, Output = unknown>(
  name: string,
  code: FunctionCode<Input, Output>,
  options: DurableOptions = {},
): DurableFunction<Input, Output> {
  requireKnown("durable", options, optionNames);
  const { description, retry = turnRetry, timeout, pool } = options;
  const task: TaskDocument = {
    function: name,
    with: "${{ input }}",
    retry,
    ...(pool !== undefined && { placement: { pool } }),
  };
  return {
    name,
    code,
    definition: {
      workflow: name,
      ...(description !== undefined && { description }),
      ...(timeout !== undefined && { timeout }),
      continueAsNew: continuationOf(name),
      tasks: { [name]: task },
      output: `\${{ tasks[${JSON.stringify(name)}].output }}`,
    },
  };
}
