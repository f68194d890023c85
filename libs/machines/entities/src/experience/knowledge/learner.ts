/**
 * Knowledge that follows new experience: the same experience gives the same knowledge in every process.
 */

import type { ExperiencePosition, ExperienceUpdate } from "../queries.ts";
import { Knowledge } from "./knowledge.ts";

const nowhere: ExperiencePosition = { count: 0, choiceCount: 0, forgottenCount: 0 };

export class Learner {
  #knowledge = new Knowledge();
  #place = nowhere;

  get knowledge(): Knowledge {
    return this.#knowledge;
  }

  /** Position of the learned experience: the next request continues from it. */
  get place(): ExperiencePosition {
    return this.#place;
  }

  /**
   * Learns news. Returns false, and learns nothing, if the reply belongs to an older request: repeat the
   * request.
   */
  apply(
    { outcomes, choices, models, isReset, ...place }: ExperienceUpdate,
    requested: ExperiencePosition,
  ): boolean {
    if (requested !== this.#place) return false;
    if (outcomes.length === 0 && choices.length === 0 && !isReset) return true;
    if (isReset) this.#knowledge = new Knowledge(place.count - outcomes.length, models);
    for (const outcome of outcomes) this.#knowledge.learn(outcome);
    for (const choice of choices) this.#knowledge.learnChoice(choice);
    const { count, choiceCount, forgottenCount } = place;
    this.#place = { count, choiceCount, forgottenCount };
    return true;
  }
}
