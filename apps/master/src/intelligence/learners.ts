/**
 * The knowledge of each namespace, learned from its experience and updated at each use. It is no state: it
 * can be made again from the data of the machine, and is then the same.
 */
import { type MachineDependencies, query } from "@tutti/host/serving";
import type { CallContext, InstanceKey } from "@tutti/kernel";
import {
  type ExperiencePosition,
  type ExperienceUpdate,
  experienceUpdate,
  type Knowledge,
  Learner,
  type RecordedModels,
  recordedModels,
} from "@tutti/machine-entities/experience";
import { runtimeErrors } from "@tutti/runtime/errors";

/** Maximum of remembered namespaces. Others are learned again at the next use. */
const learnersMax = 200;

const nothing: ExperienceUpdate = {
  outcomes: [],
  choices: [],
  models: {},
  count: 0,
  choiceCount: 0,
  forgottenCount: 0,
  isReset: true,
};

export function experienceOf(namespace: string): InstanceKey {
  return { namespace, kind: "experience", id: namespace };
}

export class Learners {
  readonly #dependencies: MachineDependencies;
  readonly #learners = new Map<string, Learner>();

  constructor(dependencies: MachineDependencies) {
    this.#dependencies = dependencies;
  }

  /** Returns the learner of a namespace. Refused if another process has the experience. */
  async of(context: CallContext): Promise<Learner> {
    const learner = this.#learners.get(context.namespace) ?? this.#create(context.namespace);
    for (;;) {
      const { place } = learner;
      if (learner.apply(await this.read(place, context), place)) return learner;
    }
  }

  /** Returns the knowledge of a namespace with experience on this process. */
  async hosted(namespace: string): Promise<Knowledge> {
    const learner = this.#learners.get(namespace) ?? this.#create(namespace);
    for (;;) {
      const { place } = learner;
      const call = { key: experienceOf(namespace), query: experienceUpdate, body: place };
      if (learner.apply(await this.#dependencies.runtime.query(call), place)) return learner.knowledge;
    }
  }

  /** Returns later experience. Refused if another process has it. */
  async read(place: ExperiencePosition, context: CallContext): Promise<ExperienceUpdate> {
    const call = { query: experienceUpdate, body: place };
    try {
      return await query(this.#dependencies, experienceOf(context.namespace), call, context);
    } catch (error) {
      if (!runtimeErrors.unknownInstance.is(error)) throw error;
      return nothing;
    }
  }

  /** Returns the records on which models are compared. Refused if another process has them. */
  async recorded(context: CallContext): Promise<RecordedModels> {
    try {
      const call = { query: recordedModels, body: undefined };
      return await query(this.#dependencies, experienceOf(context.namespace), call, context);
    } catch (error) {
      if (!runtimeErrors.unknownInstance.is(error)) throw error;
      return { outcomes: [], models: new Map() };
    }
  }

  #create(namespace: string): Learner {
    const learner = new Learner();
    this.#learners.set(namespace, learner);
    for (const oldest of this.#learners.keys()) {
      if (this.#learners.size <= learnersMax) break;
      this.#learners.delete(oldest);
    }
    return learner;
  }
}
