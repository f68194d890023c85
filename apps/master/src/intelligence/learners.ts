/**
 * What is known in each namespace, learned from its experience and brought up to date whenever it is asked for. It is no state: it is made
 * anew from what the machine keeps, and then is the same.
 */
import { ask, type MachineDesk } from "@tutti/host/serving";
import type { CallContext, InstanceKey } from "@tutti/kernel";
import { type ExperienceNews, experienceNews, Knowledge } from "@tutti/machine-experience";
import { runtimeErrors } from "@tutti/runtime/errors";

interface Learner {
  readonly knowledge: Knowledge;
  readonly count: number;
  readonly forgottenCount: number;
}

/** Namespaces that are remembered at most; others are learned anew when they are asked for. */
const learnersMax = 200;

const nothing: ExperienceNews = { outcomes: [], count: 0, forgottenCount: 0, isAnew: true };

export function experienceOf(namespace: string): InstanceKey {
  return { namespace, kind: "experience", id: namespace };
}

export class Learners {
  readonly #desk: MachineDesk;
  readonly #learners = new Map<string, Learner>();

  constructor(desk: MachineDesk) {
    this.#desk = desk;
  }

  /** Refused where another process has the experience. */
  async of(context: CallContext): Promise<Learner> {
    const { namespace } = context;
    const before = this.#learners.get(namespace);
    const { count = 0, forgottenCount = 0 } = before ?? {};
    const question = { query: experienceNews, body: { count, forgottenCount } };
    const news = await ask(this.#desk, experienceOf(namespace), question, context).catch((error: unknown) => {
      if (runtimeErrors.unknownInstance.is(error)) return nothing;
      throw error;
    });
    // Somebody else has asked meanwhile, and has learned it.
    if (this.#learners.get(namespace) !== before) return this.of(context);
    return this.#take(namespace, before, news);
  }

  /** Nothing is awaited here: what has come is learned once. */
  #take(namespace: string, before: Learner | undefined, news: ExperienceNews): Learner {
    const { outcomes, count, forgottenCount, isAnew } = news;
    if (before !== undefined && outcomes.length === 0 && !isAnew) return before;
    const isNew = before === undefined || isAnew;
    const knowledge = isNew ? new Knowledge(count - outcomes.length) : before.knowledge;
    for (const outcome of outcomes) knowledge.learn(outcome);
    const learner = { knowledge, count, forgottenCount };
    this.#learners.delete(namespace);
    this.#learners.set(namespace, learner);
    for (const oldest of this.#learners.keys()) {
      if (this.#learners.size <= learnersMax) break;
      this.#learners.delete(oldest);
    }
    return learner;
  }
}
