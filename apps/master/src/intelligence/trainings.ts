/**
 * Compares the models of each capability when enough new attempts were recorded.
 *
 * 1. The process that owns the experience of a namespace does this. A failed round is repeated with the next
 *    one.
 * 2. The machine decides. So the live model follows from the journal, and a crash in between compares again.
 * 3. A comparison replays thousands of attempts. It yields to all other work after a few hundred.
 */
import type { LearnedOutcome } from "@tutti/contracts/intelligence/v1";
import { ActorKind, type Cause } from "@tutti/contracts/types/v1";
import { allEntries, type MachineDependencies, Rounds } from "@tutti/host/serving";
import { type Foundation, type InstanceKey, type ReadOnly, sleep } from "@tutti/kernel";
import {
  endsOf,
  experienceErrors,
  recordedModels,
  recordTraining,
  type Scored,
  train,
  trainingVerdict,
} from "@tutti/machine-entities/experience";

export interface TrainingsParts extends MachineDependencies {
  readonly foundation: Foundation;
}

/** Minimum number of new attempts for another comparison. */
const newEndsMin = 50;

/** The audit log has the finding as the reason. */
const causeOf = (finding: string): Cause => ({
  actor: { kind: ActorKind.ACTOR_KIND_SERVICE, id: "master" },
  traceparent: "",
  decision: "",
  reason: finding,
});

/** Compares models. Refused if too few attempts were recorded. */
export async function compared(
  { timers, clock }: Pick<Foundation, "timers" | "clock">,
  outcomes: readonly ReadOnly<LearnedOutcome>[],
  capability: string,
  signal: AbortSignal,
): Promise<Scored> {
  const ends = endsOf(outcomes, capability);
  if (ends.length === 0) throw experienceErrors.modelMissing({ id: capability });
  const training = train(ends, clock.now());
  for (;;) {
    const { done, value } = training.next();
    if (done === true && value !== undefined) return value;
    if (done === true) throw experienceErrors.tooFewRecorded({ id: capability, count: ends.length });
    await sleep(timers, 0, signal);
  }
}

export class Trainings extends Rounds {
  readonly #parts: TrainingsParts;

  constructor(parts: TrainingsParts, everyMs: number) {
    super(parts.foundation, everyMs, "models are not compared");
    this.#parts = parts;
  }

  protected async round(): Promise<void> {
    const { runtime, partitionOwner } = this.#parts;
    for (const { key } of await allEntries(this.#parts, { namespace: "", kinds: ["experience"] }))
      if (partitionOwner.owns(runtime.service, runtime.partitionOf(key))) await this.#train(key);
  }

  async #train(key: InstanceKey): Promise<void> {
    const { runtime, foundation } = this.#parts;
    const { outcomes, models } = await runtime.query({ key, query: recordedModels, body: undefined });
    for (const capability of new Set(outcomes.map((outcome) => outcome.capability))) {
      if (this.stopping.aborted) return;
      const last = models.get(capability)?.trainings.at(-1);
      // An attempt with an end in the future must not prevent the next comparison.
      const toMs = last === undefined ? Number.NEGATIVE_INFINITY : Math.min(last.toMs, last.timeMs);
      const fresh = endsOf(outcomes, capability).filter(({ endMs }) => endMs > toMs);
      if (fresh.length < newEndsMin) continue;
      const body = await this.#compared(outcomes, capability);
      if (body === undefined) continue;
      const { finding, live } = await runtime.execute({
        key,
        command: recordTraining,
        body,
        cause: causeOf(trainingVerdict(models.get(capability), body.training).finding),
        idempotencyKey: "",
      });
      const details = { namespace: key.namespace, capability, live, finding };
      foundation.logger.debug("compared the models of a capability", details);
    }
  }

  /** Undefined if too few attempts were recorded. */
  async #compared(outcomes: readonly ReadOnly<LearnedOutcome>[], capability: string) {
    try {
      const scored = await compared(this.#parts.foundation, outcomes, capability, this.stopping);
      return { capability, training: { ...scored, number: 0, live: "", finding: "" } };
    } catch (error) {
      if (experienceErrors.tooFewRecorded.is(error)) return undefined;
      throw error;
    }
  }
}
