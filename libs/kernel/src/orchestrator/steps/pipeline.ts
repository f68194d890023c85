/**
 * Composes a list of steps into one function.
 *
 * 1. Composed without an observer, a pipeline costs no more than nested calls of its steps.
 * 2. Composed under an observer, each step's own time is reported, without the time of later steps. An error that
 *    leaves the pipeline names the step that threw it.
 */
import { describeForeign } from "../../errors/foreign.ts";
import { errorFromUnknown } from "../../errors/from-unknown.ts";
import { kernelErrors } from "../../errors/kernel-errors.ts";
import { TuttiError } from "../../errors/tutti-error.ts";
import type { Clock } from "../../ports/clock.ts";
import { lifecycleErrors } from "../errors.ts";
import type { AroundStep, Next, RunStep, Step } from "./step.ts";

/** Observes every run of a step. */
export interface StepObserver {
  readonly clock: Clock;
  /** Called once per step when the pipeline is composed. The returned function is called after each run. */
  watch(step: string): (outcome: StepOutcome) => void;
}

export interface StepOutcome {
  readonly durationMs: number;
  readonly failed: boolean;
}

/**
 * Errors that get the name of the step that threw them. `faults`: only foreign errors, so that deliberate refusals of a
 * step reach the caller unchanged. `all`: Tutti's own errors too, in their message.
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
    // A step may wait only if the output is a promise, and then this is one.
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
      const passedOnMs = clock.monotonic();
      return settled(
        () => next(passed),
        () => {
          beyondMs += clock.monotonic() - passedOnMs;
        },
        (error) => {
          beyondMs += clock.monotonic() - passedOnMs;
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

/** Calls a function, and reports the outcome: at once, or when the returned promise settles. */
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
  // The same promise with an observer: its type is that of the returned value.
  return observed as Output;
}

/**
 * Returns the error with the name of the step that threw it. An error of Tutti's own keeps its code and its retry
 * class.
 */
export function named(pipeline: string, step: string, thrown: unknown, naming: Naming): TuttiError {
  const location = { pipeline, step };
  const error = ofMachine(thrown);
  if (!(error instanceof TuttiError)) {
    return lifecycleErrors.stepFailed(
      { ...location, problem: problemOf(error) },
      { cause: error, details: location },
    );
  }
  if (naming === "faults") return error;
  const { code, status, retry, retryAfterMs, violations } = error;
  const message = lifecycleErrors.stepFailed.entry.message({ ...location, problem: error.message });
  const details = { ...error.details, ...location };
  return new TuttiError({ code, status, retry, retryAfterMs, violations, details, message, cause: error });
}

/** Returns the error of a fault of the machine, which has its own remedy. */
function ofMachine(thrown: unknown): unknown {
  const error = errorFromUnknown(thrown);
  return kernelErrors.noPermission.is(error) || kernelErrors.exhausted.is(error) ? error : thrown;
}

/** Returns an error as one line for another message. */
export function problemOf(error: unknown): string {
  if (error instanceof TuttiError) return error.message;
  const { name, message } = describeForeign(error);
  return message || name;
}
