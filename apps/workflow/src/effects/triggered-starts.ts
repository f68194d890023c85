/**
 * Starts the runs that triggers request.
 *
 * 1. Runs that may run concurrently are started together, in one stream. If the trigger waits for them or
 *    sends them a signal, they are started one by one.
 * 2. Known results are kept over attempts: a repetition requests only the others.
 */
import {
  ActivationResult,
  RunSpec,
  type runService,
  Singleton,
  StartItem,
  StartRunRequest,
  StartRunsRequest,
  type StartSettled,
  type TriggerPlan,
  type TriggerStart,
} from "@tutti/contracts/workflow/v1";
import { type Value, writeExactly } from "@tutti/expressions";
import type { EffectJobs, JobCommand } from "@tutti/host/serving";
import { errorFromUnknown, fromErrorDetail, type ReadOnly } from "@tutti/kernel";
import { policyOf, type StartTriggered, settleStarts } from "@tutti/machine-trigger";
import type { Client } from "@tutti/mesh";
import type { DueEffect } from "@tutti/runtime";
import { triggerSourceErrors } from "../errors.ts";
import { refusalText } from "../runs/inputs.ts";
import { eventJsonOf } from "../triggers/events.ts";
import { Matching } from "../triggers/matching.ts";

export interface TriggeredStartsParts {
  readonly jobs: EffectJobs;
  readonly runs: Pick<Client<typeof runService>, "startRun" | "startRuns" | "signalRun">;
}

/** Labels of runs that a trigger started. */
const triggerLabel = "trigger";
const eventLabel = "trigger-event";

type Settled = Partial<StartSettled> & Pick<StartSettled, "result">;

interface Batch {
  readonly namespace: string;
  readonly triggerId: string;
  readonly plan: ReadOnly<TriggerPlan>;
  readonly spec: RunSpec;
  readonly starts: readonly ReadOnly<TriggerStart>[];
  /** Results by position. */
  readonly settled: Map<number, Settled>;
}

export class TriggeredStarts {
  readonly #parts: TriggeredStartsParts;
  readonly #matchings = new WeakMap<object, Matching>();

  constructor(parts: TriggeredStartsParts) {
    this.#parts = parts;
  }

  start(due: DueEffect, { plan, starts }: StartTriggered): void {
    const { namespace, id: triggerId } = due.key;
    const settled = new Map<number, Settled>();
    const batch = {
      namespace,
      triggerId,
      plan,
      starts,
      settled,
      spec: RunSpec.decode(plan.run as Uint8Array),
    };
    const attempt = async (signal: AbortSignal): Promise<JobCommand> => {
      await this.#attempt(batch, signal);
      return settleCommand(batch, undefined);
    };
    this.#parts.jobs.startJob(due, attempt, (error) =>
      settleCommand(batch, dead(error.code, refusalText(error))),
    );
  }

  async #attempt(batch: Batch, signal: AbortSignal): Promise<void> {
    const { plan, starts, settled } = batch;
    const { singleton, signal: signalName } = policyOf(plan);
    const pending: { readonly place: number; readonly input: Uint8Array }[] = [];
    for (const [place, start] of starts.entries()) {
      if (settled.has(place)) continue;
      const input = this.#inputOf(batch, start);
      if (input.ok) pending.push({ place, input: Buffer.from(writeExactly(input.value), "utf8") });
      else {
        const { code, message } = triggerSourceErrors.expressionFailed.refusal({
          field: "with",
          problem: input.message,
        });
        settled.set(place, dead(code, message));
      }
    }
    if (singleton === Singleton.SINGLETON_UNSPECIFIED && signalName === "")
      await this.#startTogether(batch, pending, signal);
    else for (const { place, input } of pending) await this.#startAlone(batch, place, input, signal);
  }

  async #startTogether(
    { namespace, triggerId, spec, starts, settled }: Batch,
    pending: readonly { readonly place: number; readonly input: Uint8Array }[],
    signal: AbortSignal,
  ): Promise<void> {
    if (pending.length === 0) return;
    const items = pending.map(({ place, input }) =>
      StartItem.fromPartial({
        runId: starts[place]?.runId ?? "",
        spec: 1,
        labels: { [triggerLabel]: triggerId },
        input: { $case: "inlineInput", value: input },
      }),
    );
    const request = StartRunsRequest.fromPartial({ namespace, specs: [spec], items, follow: false });
    for await (const { receipts } of this.#parts.runs.startRuns(single(request), { signal }))
      for (const { number, existed, refusal } of receipts) {
        const place = pending[number - 1]?.place ?? -1;
        if (refusal === undefined) settled.set(place, existed ? duplicate : started);
        else {
          const error = fromErrorDetail(refusal);
          // The run belongs to another event with this key.
          if (error.status === "ALREADY_EXISTS") settled.set(place, duplicate);
          else if (error.retry === "never") settled.set(place, dead(error.code, refusalText(error)));
        }
      }
    const isOpen = pending.some(({ place }) => !settled.has(place));
    if (isOpen) throw triggerSourceErrors.startsUndecided();
  }

  /** Starts one run. Rejects with temporary failures. */
  async #startAlone(batch: Batch, place: number, input: Uint8Array, signal: AbortSignal): Promise<void> {
    try {
      batch.settled.set(place, await this.#startSingle(batch, place, input, signal));
    } catch (thrown) {
      const error = errorFromUnknown(thrown);
      if (error.retry !== "never" || signal.aborted) throw error;
      batch.settled.set(place, dead(error.code, refusalText(error)));
    }
  }

  async #startSingle(batch: Batch, place: number, input: Uint8Array, signal: AbortSignal): Promise<Settled> {
    const { namespace, triggerId, plan, spec, starts } = batch;
    const { runId = "", items = [] } = starts[place] ?? {};
    const event = items[items.length - 1]?.eventDigest ?? "";
    const payload = { body: { $case: "inline" as const, value: input }, mediaType: "" };
    const isAwaited = policyOf(plan).singleton !== Singleton.SINGLETON_UNSPECIFIED;
    const request = StartRunRequest.fromPartial({ namespace, runId });
    request.spec = {
      ...spec,
      input: payload,
      labels: { ...spec.labels, [triggerLabel]: triggerId, [eventLabel]: event },
    };
    if (isAwaited) request.parent = { namespace, kind: "trigger", id: triggerId, task: "" };
    const { run, existed } = await this.#startOrFind(request, signal);
    // A run that has ended, or belongs to another parent, will not report its end.
    const ended = run?.endTime !== undefined || run?.parent?.id !== triggerId;
    // After a crash it may exist because of this same event.
    if (!existed || run?.spec?.labels[eventLabel] === event) return { ...started, ended };
    const { signal: name } = policyOf(plan);
    if (name === "") return { ...duplicate, ended };
    const idempotencyKey = `trigger/${triggerId}/${event}`;
    await this.#parts.runs.signalRun({ namespace, runId, signal: name, payload, idempotencyKey }, { signal });
    return { result: ActivationResult.ACTIVATION_RESULT_SIGNALLED };
  }

  /** Starts a run, or finds the run with this id of another event. */
  async #startOrFind(request: StartRunRequest, signal: AbortSignal) {
    try {
      return await this.#parts.runs.startRun(request, { signal });
    } catch (error) {
      if (errorFromUnknown(error).status !== "ALREADY_EXISTS") throw error;
      return { run: undefined, existed: true };
    }
  }

  #inputOf({ plan, triggerId }: Batch, { items }: ReadOnly<TriggerStart>): ReturnType<Matching["inputOf"]> {
    const known = this.#matchings.get(plan) ?? new Matching(plan, triggerId);
    this.#matchings.set(plan, known);
    const inputs: Value[] = [];
    for (const { event } of items) {
      const input = known.inputOf(eventJsonOf(event));
      if (!input.ok) return input;
      inputs.push(input.value);
    }
    const isBatch = policyOf(plan).batchSize > 1;
    return { ok: true, value: isBatch ? { events: inputs } : (inputs[0] ?? null) };
  }
}

const started: Settled = { result: ActivationResult.ACTIVATION_RESULT_STARTED };
const duplicate: Settled = { result: ActivationResult.ACTIVATION_RESULT_DUPLICATE };

function dead(code: string, message: string): Settled {
  return { result: ActivationResult.ACTIVATION_RESULT_DEAD, code, message, ended: true };
}

/** Returns the command with the results for the trigger. `others` is the result of runs without their own. */
function settleCommand({ starts, settled }: Batch, others: Settled | undefined): JobCommand {
  const results = starts.map((_, place) => ({
    code: "",
    message: "",
    ended: false,
    ...(settled.get(place) ?? others ?? duplicate),
  }));
  return { command: settleStarts, body: { results } };
}

async function* single<Request>(request: Request): AsyncGenerator<Request> {
  yield request;
}
