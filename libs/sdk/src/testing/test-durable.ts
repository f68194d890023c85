/** A durable function in a unit test: its real code, calls with results from the test, and virtual time. */
import type { DurableFunction } from "../functions/durable.ts";
import type { Worker } from "../worker/worker.ts";
import type { HandlersInput } from "./handlers.ts";
import { WorkflowTest, type WorkflowTestOptions } from "./workflow-test.ts";

export interface DurableTestOptions extends WorkflowTestOptions {
  /** Other functions that it starts as children. */
  readonly functions?: readonly DurableFunction<never>[];
}

/**
 * Tries a durable function with the engine of the platform. There is no server, no disk and no real time. A wait costs
 * nothing.
 */
export function testDurable<Input, Output>(
  fn: DurableFunction<Input, Output>,
  { handlers = [], functions = [], children = [], ...options }: DurableTestOptions = {},
): WorkflowTest<Input, Output> {
  const all = [fn, ...functions] as unknown as readonly DurableFunction<never>[];
  const handlerList: readonly HandlersInput[] = isList(handlers) ? handlers : [handlers];
  return new WorkflowTest<Input, Output>(fn.definition, {
    ...options,
    handlers: [(worker: Worker) => void worker.durable(all), ...handlerList],
    children: [...functions.map(({ definition }) => definition), ...children],
  });
}

function isList(handlers: HandlersInput | readonly HandlersInput[]): handlers is readonly HandlersInput[] {
  return Array.isArray(handlers);
}
