/**
 * Composes a list of steps into one function.
 *
 * 1. Composed plainly, a pipeline costs what calling its steps one from the other costs, and nothing more.
 * 2. Composed under an observer, each step's own time is reported, without the time of later steps. An error
 *    that leaves the pipeline names the one step it arose in.
 */
import { describeForeign } from "../../errors/foreign.ts";
import { errorFromUnknown } from "../../errors/from-unknown.ts";
import { kernelErrors } from "../../errors/kernel-errors.ts";
import { TuttiError } from "../../errors/tutti-error.ts";
import type { Clock } from "../../ports/clock.ts";
import { lifecycleErrors } from "../errors.ts";
import type { AroundStep, Next, RunStep, Step } from "./step.ts";

/** Hears of every run of a step. */
export interface StepObserver {
  readonly clock: Clock;
  /** Called once per step when the pipeline is composed. What it gives is called after each run. */
  watch(step: string): (outcome: StepOutcome) => void;
}

export interface StepOutcome {
  readonly durationMs: number;
  readonly failed: boolean;
}

/**
 * Which errors get the name of the step they arose in. `faults`: only those that are none of Tutti's own, so that
 * what a step refuses on purpose reaches the caller word for word. `all`: those too, in their message.
 */
export type Naming = "all" | "faults";

export function composeSteps<Input, Output>(
  steps: readonly Step<Input, Output>[],
  last: Next<Input, Output>,
): Next<Input, Output> {
  return steps.reduceRight<Next<Input, Output>>((next, step) => link(step, next), last);
}

export function composeObserved<Input, Output>(
  pipeline: string,
  steps: readonly Step<Input, Output>[],
  last: Next<Input, Output>,
  { observer, naming }: { readonly observer: StepObserver; readonly naming: Naming },
): Next<Input, Output> {
  return steps.reduceRight<Next<Input, Output>>(
    (next, step) => linkObserved(pipeline, step, next, observer, naming),
    last,
  );
}

function link<Input, Output>(step: Step<Input, Output>, next: Next<Input, Output>): Next<Input, Output> {
  return step.around === undefined ? runThen(step, next) : (input) => step.around(input, next);
}

function runThen<Input, Output>(step: RunStep<Input>, next: Next<Input, Output>): Next<Input, Output> {
  return (input) => {
    const waits = step.run(input);
    if (waits === undefined) return next(input);
    // A step may wait only where the output is a promise, and then this is one.
    return waits.then(() => next(input)) as Output;
  };
}

function linkObserved<Input, Output>(
  pipeline: string,
  step: Step<Input, Output>,
  next: Next<Input, Output>,
  observer: StepObserver,
  naming: Naming,
): Next<Input, Output> {
  const { clock } = observer;
  const report = observer.watch(step.name);
  const around: AroundStep<Input, Output>["around"] =
    step.around === undefined
      ? (input, then) => runThen(step, then)(input)
      : (input, then) => step.around(input, then);
  return (input) => {
    const startedMs = clock.monotonic();
    let beyondMs = 0;
    const beyond = new Set<unknown>();
    const timedNext: Next<Input, Output> = (passed) => {
      const leftMs = clock.monotonic();
      return settled(
        () => next(passed),
        () => {
          beyondMs += clock.monotonic() - leftMs;
        },
        (error) => {
          beyondMs += clock.monotonic() - leftMs;
          beyond.add(error);
          return error;
        },
      );
    };
    const durationMs = () => Math.max(0, clock.monotonic() - startedMs - beyondMs);
    return settled(
      () => around(input, timedNext),
      () => report({ durationMs: durationMs(), failed: false }),
      (error) => {
        const arose = !beyond.has(error);
        report({ durationMs: durationMs(), failed: arose });
        return arose ? named(pipeline, step.name, error, naming) : error;
      },
    );
  };
}

/** Calls, and tells of the outcome when it is there: at once, or when the promise that was returned settles. */
function settled<Output>(
  call: () => Output,
  succeeded: () => void,
  failed: (error: unknown) => unknown,
): Output {
  let output: Output;
  try {
    output = call();
  } catch (error) {
    throw failed(error);
  }
  if (!(output instanceof Promise)) {
    succeeded();
    return output;
  }
  const observed = output.then(
    (value: unknown) => {
      succeeded();
      return value;
    },
    (error: unknown) => {
      throw failed(error);
    },
  );
  // The same promise with a witness: its type is the one that was returned.
  return observed as Output;
}

/**
 * Returns the error with the name of the step it arose in. An error of Tutti's own keeps its code, and with it what may
 * be done about it.
 */
export function named(pipeline: string, step: string, thrown: unknown, naming: Naming): TuttiError {
  const where = { pipeline, step };
  const error = ofMachine(thrown);
  if (!(error instanceof TuttiError)) {
    return lifecycleErrors.stepFailed(
      { ...where, problem: problemOf(error) },
      { cause: error, details: where },
    );
  }
  if (naming === "faults") return error;
  const { code, status, retry, retryAfterMs, violations } = error;
  const message = lifecycleErrors.stepFailed.entry.message({ ...where, problem: error.message });
  const details = { ...error.details, ...where };
  return new TuttiError({ code, status, retry, retryAfterMs, violations, details, message, cause: error });
}

/** A fault of the machine has an error of its own, which says what to do. */
function ofMachine(thrown: unknown): unknown {
  const error = errorFromUnknown(thrown);
  return kernelErrors.noPermission.is(error) || kernelErrors.exhausted.is(error) ? error : thrown;
}

/** What an error says, in one line that can are in another message. */
export function problemOf(error: unknown): string {
  if (error instanceof TuttiError) return error.message;
  const { name, message } = describeForeign(error);
  return message || name;
}
