/** Questions to instances: answered from the state, once everything that the state rests on is durable. */
import { errorFromUnknown, isRefusal, textOf } from "@tutti/kernel";
import type { Outcome } from "../api.ts";
import { refusalOf, refused, refusedAsQuarantined, refusedAsRemoved, refusedAsUnknown } from "../refusals.ts";
import type { QuestionArrived } from "./inbox.ts";
import type { Instance } from "./instance.ts";
import type { PartitionMemory } from "./memory.ts";

export class Questions {
  readonly #memory: PartitionMemory;

  constructor(memory: PartitionMemory) {
    this.#memory = memory;
  }

  submit(question: QuestionArrived): void {
    const { instances, parts } = this.#memory;
    const { key } = question.question;
    const instance = instances.get(textOf(key));
    if (instance !== undefined) this.#settle(question, this.#evaluate(instance, question));
    else if (isSettled(question) || !instances.mayExist(key)) {
      const { found } = question;
      if (found?.kind === "tombstone") this.#settle(question, refusedAsRemoved(key, found.untilMs));
      else if (found?.kind === "unreadable") this.#settle(question, refused(refusalOf(found.error)));
      else this.#settle(question, refusedAsUnknown(key));
    } else {
      instances.find(key).then(
        (found) => parts.wake({ ...question, found }),
        (fault: unknown) => {
          parts.faulted(fault);
          // It was not answered: it is repeated after loading.
          parts.wake(question);
        },
      );
    }
  }

  #settle(question: QuestionArrived, outcome: Outcome): void {
    this.#memory.answers.addOther((failure) => question.settle(failure ?? outcome));
  }

  #evaluate(instance: Instance, { question }: QuestionArrived): Outcome {
    const { nowMs } = this.#memory;
    instance.touchedMs = nowMs;
    if (instance.quarantine !== undefined) return refusedAsQuarantined(instance);
    try {
      const reservedUntilMs = instance.isEnded ? this.#memory.reservedUntil(instance) : undefined;
      if (reservedUntilMs !== undefined) return refusedAsRemoved(instance.key, reservedUntilMs);
      const { key, state } = instance;
      const reply = question.query.answer(state, question.body, { key, nowMs });
      return isRefusal(reply) ? refused(reply) : { kind: "done", reply };
    } catch (thrown) {
      return refused(refusalOf(errorFromUnknown(thrown)));
    }
  }
}

/**
 * Returns whether a lookup has found that there is no such instance. An instance that was found may have been
 * passivated again since.
 */
function isSettled({ found }: QuestionArrived): boolean {
  return found !== undefined && found.kind !== "instance";
}
