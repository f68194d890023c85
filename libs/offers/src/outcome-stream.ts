/**
 * Sends ends of attempts to the service that learns from them: a sample, in batches, always after the work.
 *
 * 1. Nothing waits for the stream. Without a receiver, ends beyond the bound are dropped.
 * 2. Of frequent ends a few are as good as all. For each capability at each agent only a limited rate is
 *    sent, and the rate falls with time (`Samples`).
 * 3. A batch keeps its number until it is accepted or refused, so that it counts once.
 */
import { type AttemptOutcome, EstimateSubject, estimateService } from "@tutti/contracts/intelligence/v1";
import { costInputIn } from "@tutti/definitions";
import {
  backoffBoundMs,
  type Component,
  type Foundation,
  isTuttiError,
  type Orchestrator,
  type Timer,
  toTimestamp,
} from "@tutti/kernel";
import type { Client, Mesh } from "@tutti/mesh";
import type { OfferedTask } from "./offered-task.ts";
import { Samples } from "./samples.ts";
import type { EndedAttempt, Settlement } from "./settlement.ts";

export interface OutcomeStreamParts {
  readonly estimates: Pick<Client<typeof estimateService>, "recordOutcomes">;
  readonly foundation: Pick<Foundation, "timers" | "clock" | "logger">;
  /** Differs from the ids of all other senders. */
  readonly senderId: string;
  /** Kind of the work of the attempts: run, mission. */
  readonly workKind: string;
}

const flushEveryMs = 2_000;
const backoff = { firstMs: flushEveryMs, maxMs: 60_000 };
/** Maximum of outcomes in a batch: in total, and of one capability at one agent. */
const outcomesMax = 100;
const alikeMax = 5;

interface Batch {
  readonly number: number;
  readonly outcomes: readonly AttemptOutcome[];
}

export class OutcomeStream implements Component {
  readonly #parts: OutcomeStreamParts;
  readonly #stopping = new AbortController();
  #waiting: AttemptOutcome[] = [];
  readonly #alike = new Map<string, number>();
  readonly #samples: Samples;
  #batch: Batch | undefined;
  #lastNumber = 0;
  #failures = 0;
  /** Timer of the next batch. Undefined while nothing waits. */
  #timer: Timer | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(parts: OutcomeStreamParts) {
    this.#parts = parts;
    this.#samples = new Samples(parts.foundation.clock.monotonic());
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#stopping.abort();
    await this.#flushing;
  }

  /** Returns the settlement with learning from its outcomes. */
  hearing(settlement: Settlement): Settlement {
    return {
      result: (ended, isDurable) => {
        this.add(ended);
        settlement.result(ended, isDurable);
      },
      started: (entry, agent, startMs) => settlement.started(entry, agent, startMs),
      progress: (progress) => settlement.progress(progress),
      partialOutput: (entry, output) => settlement.partialOutput(entry, output),
      unclaimed: (token, isUnwanted) => settlement.unclaimed(token, isUnwanted),
      refused: (entry, error, isDurable) => settlement.refused(entry, error, isDurable),
    };
  }

  add({ result, agent, entry }: EndedAttempt): void {
    if (this.#waiting.length >= outcomesMax || entry === undefined || agent === "") return;
    const { outcome, runMs, used } = result;
    const isFailure = outcome?.$case === "failed";
    const isDone = outcome?.$case === "inlineOutput" || outcome?.$case === "outputPayload";
    // Stopped attempts, and those without a measured time, teach nothing about durations.
    if (!isFailure && !(isDone && runMs > 0)) return;
    const { effect, key } = entry;
    const { capability, pool, definition, definitionTask } = effect.profile;
    const alike = `${capability}\n${agent}`;
    const known = this.#alike.get(alike) ?? 0;
    if (known >= alikeMax || capability === "" || effect.profile.isUndo) return;
    if (!this.#samples.admit(alike, this.#parts.foundation.clock.monotonic())) return;
    this.#alike.set(alike, known + 1);
    const { namespace, id } = key;
    const { by = [] } = effect.profile.policy.estimate;
    const about = {
      ...costInputIn(by, inlineOf(effect)),
      capability,
      pool,
      definition,
      definitionTask,
      agentId: agent,
      inputBytes: sizeOf(effect),
    };
    this.#waiting.push({
      namespace,
      runMs,
      used,
      attempt: effect.attempt,
      queueMs: 0,
      outputBytes: 0,
      subject: EstimateSubject.create(about),
      work: { namespace, kind: this.#parts.workKind, id, task: effect.taskId },
      errorCode: isFailure ? outcome.value.code : "",
      endTime: toTimestamp(this.#parts.foundation.clock.now()),
    });
    if (this.#timer === undefined) this.#later(flushEveryMs);
  }

  #later(ms: number): void {
    if (this.#stopping.signal.aborted) return;
    this.#timer = this.#parts.foundation.timers.after(ms, () => {
      this.#flushing = this.#flush();
    });
  }

  async #flush(): Promise<void> {
    if (this.#batch === undefined && this.#waiting.length > 0) {
      this.#batch = { number: ++this.#lastNumber, outcomes: this.#waiting };
      this.#waiting = [];
      this.#alike.clear();
    }
    try {
      if (this.#batch !== undefined) await this.#sendOnce(this.#batch);
      this.#batch = undefined;
      this.#failures = 0;
      this.#timer = undefined;
      if (this.#waiting.length > 0) this.#later(flushEveryMs);
    } catch (error) {
      this.#failures++;
      this.#parts.foundation.logger.debug("failed to report ended attempts for learning", { error });
      this.#later(backoffBoundMs(backoff, this.#failures));
    }
  }

  /** Drops a batch that is refused: otherwise one wrong outcome would end the learning from all later ones. */
  async #sendOnce(batch: Batch): Promise<void> {
    try {
      await this.#send(batch);
    } catch (error) {
      if (!isTuttiError(error) || error.status !== "INVALID_ARGUMENT") throw error;
      const { code, message } = error;
      this.#parts.foundation.logger.warn("ended attempts refused for learning", { code, reason: message });
    }
  }

  async #send({ number, outcomes }: Batch): Promise<void> {
    const { estimates, senderId } = this.#parts;
    const request = { instanceId: senderId, batch: number, outcomes: [...outcomes] };
    const requests = (async function* () {
      yield request;
    })();
    const { signal } = this.#stopping;
    for await (const { batch } of estimates.recordOutcomes(requests, { signal })) if (batch >= number) return;
    throw new Error("the outcome stream ended before its batch was accepted");
  }
}

/** Returns undefined for an input that is stored elsewhere. */
function inlineOf({ input }: OfferedTask): Uint8Array | undefined {
  if (input === undefined || input instanceof Uint8Array) return input;
  return input.body?.$case === "inline" ? input.body.value : undefined;
}

function sizeOf({ input }: OfferedTask): number {
  if (input === undefined) return 0;
  if (input instanceof Uint8Array) return input.length;
  const { body } = input;
  return body?.$case === "inline" ? body.value.length : (body?.value.size ?? 0);
}

/** Learns from the outcomes of a settlement. The stream is a component of the service of these attempts. */
export function observeOutcomes(
  service: Pick<Orchestrator, "name" | "register">,
  { mesh, foundation, processId }: HearingHost,
  workKind: string,
  settlement: Settlement,
): Settlement {
  // Until there is a service of that name, the master learns.
  const estimates = mesh.client(estimateService);
  const senderId = `${processId}-${service.name}`;
  const stream = new OutcomeStream({ estimates, foundation, senderId, workKind });
  return service.register(`${workKind}-outcomes`, stream, { critical: false }).hearing(settlement);
}

interface HearingHost {
  readonly mesh: Pick<Mesh, "client">;
  readonly foundation: Foundation;
  readonly processId: string;
}
