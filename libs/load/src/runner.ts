/**
 * Executes a scenario: starts due runs, follows them to their end, and returns the report.
 *
 * 1. The load is open: starts are due at times of the scenario, and do not depend on the platform.
 * 2. At most `inFlightMax` runs are active. A start above that is dropped and counted, and never delayed.
 * 3. All started runs have ended, failed or timed out before the report is returned.
 */
import type { Json } from "@tutti/expressions";
import { assert, durationText } from "@tutti/kernel";
import { Draws } from "@tutti/planner";
import { arrivalsOf } from "./arrivals.ts";
import { Recorder, type Start } from "./recorder.ts";
import { type Report, reportOf } from "./report.ts";
import type { Item, Scenario } from "./scenario.ts";

/** The tested platform. */
export interface Target {
  /** Resolves with the id once the start is durable. */
  start(workflow: string, input: Json | undefined, signal: AbortSignal): Promise<string>;
  /** Resolves with the end of the run. */
  waitForEnd(id: string, signal: AbortSignal): Promise<End>;
}

export interface End {
  readonly completed: boolean;
  /** Code of the error, or the state. */
  readonly code: string;
  readonly message: string;
}

export interface LoadTime {
  /** Returns a monotonic time. */
  nowMs(): number;
  pause(durationMs: number, signal: AbortSignal): Promise<void>;
}

export interface RunnerOptions {
  readonly target: Target;
  readonly time: LoadTime;
  /** Stops the starts. Started runs are still followed for at most the timeout of a run. */
  readonly signal: AbortSignal;
  /** Called about once a second. */
  readonly onProgress?: (progress: Progress) => void;
}

export interface Progress {
  readonly phase: string;
  readonly atMs: number;
  readonly durationMs: number;
  readonly inFlight: number;
  readonly started: number;
}

const progressMs = 1_000;

export async function runScenario(scenario: Scenario, options: RunnerOptions): Promise<Report> {
  const { target, time, signal, onProgress } = options;
  const { phases, mix, inFlightMax, timeoutMs } = scenario;
  const durationMs = phases.reduce((sum, phase) => sum + phase.durationMs, 0);
  const recorder = new Recorder([...new Set(mix.map(({ name }) => name))], durationMs);
  const draws = new Draws(scenario.seed);
  const active = new Set<Promise<void>>();
  const fromMs = time.nowMs();
  const since = (): number => time.nowMs() - fromMs;
  let reportedMs = Number.NEGATIVE_INFINITY;

  for (const { number, atMs, phase } of arrivalsOf(phases)) {
    if (since() - reportedMs >= progressMs) {
      reportedMs = since();
      onProgress?.({
        phase: phase.name,
        atMs: reportedMs,
        durationMs,
        inFlight: active.size,
        started: number,
      });
    }
    // The wait is at most a second, so that progress is shown at low rates too.
    while (since() < atMs && !signal.aborted) await time.pause(Math.min(progressMs, atMs - since()), signal);
    if (signal.aborted) break;
    const item = pickItem(mix, draws);
    const start: Start = { number, item: item.name, atMs, isMeasured: phase.isMeasured };
    const input = inputOf(item, number, draws);
    recorder.due(start, since() - atMs);
    if (active.size >= inFlightMax) {
      recorder.dropped(start);
      continue;
    }
    const following = follow({ start, item, input, target, recorder, since, time, timeoutMs });
    active.add(following);
    void following.then(() => active.delete(following));
  }
  while (since() < durationMs && !signal.aborted)
    await time.pause(Math.min(progressMs, durationMs - since()), signal);
  const stoppedMs = since();
  await Promise.all(active);
  return reportOf({ scenario, recorder, stoppedMs, wasStopped: signal.aborted });
}

interface Following {
  readonly start: Start;
  readonly item: Item;
  readonly input: Json | undefined;
  readonly target: Target;
  readonly recorder: Recorder;
  readonly since: () => number;
  readonly time: LoadTime;
  readonly timeoutMs: number;
}

/** Follows a start to its end. Never rejects, because every error is an outcome. */
async function follow({
  start,
  item,
  input,
  target,
  recorder,
  since,
  time,
  timeoutMs,
}: Following): Promise<void> {
  const [late, over] = [new AbortController(), new AbortController()];
  void time.pause(Math.max(0, start.atMs + timeoutMs - since()), over.signal).then(() => {
    if (!over.signal.aborted) late.abort();
  });
  try {
    const id = await target.start(item.workflow, input, late.signal);
    recorder.acknowledged(start, since());
    const { completed, code, message } = await target.waitForEnd(id, late.signal);
    if (completed) recorder.completed(start, since());
    else recorder.failed(start, since(), { code, message });
  } catch (error) {
    recorder.failed(start, since(), late.signal.aborted ? lateFailure(timeoutMs) : failureOf(error));
  } finally {
    over.abort();
  }
}

function lateFailure(timeoutMs: number): { readonly code: string; readonly message: string } {
  return { code: "load.timeout", message: `The run did not end within ${durationText(timeoutMs)}.` };
}

function failureOf(error: unknown): { readonly code: string; readonly message: string } {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return {
    code: typeof code === "string" && code !== "" ? code : "load.call_failed",
    message: typeof message === "string" ? message : String(error),
  };
}

function pickItem(mix: readonly Item[], draws: Draws): Item {
  const sum = mix.reduce((total, { weight }) => total + weight, 0);
  let remaining = draws.next() * sum;
  for (const item of mix) {
    remaining -= item.weight;
    if (remaining < 0) return item;
  }
  // Rounding errors may leave a remainder.
  const last = mix.findLast(({ weight }) => weight > 0);
  assert(last !== undefined, "a scenario has an item with a weight", {});
  return last;
}

/**
 * Returns the input of a start. If an expression fails for these values, there is no input, and the platform reports
 * it.
 */
function inputOf({ input }: Item, number: number, draws: Draws): Json | undefined {
  const random = draws.next();
  if (input === undefined) return undefined;
  const outcome = input.evaluate((reference) =>
    input.references[reference] === "n" ? BigInt(number) : random,
  );
  return outcome.ok ? (outcome.value as Json) : undefined;
}
