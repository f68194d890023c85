import type { LearnedChoice, LearnedOutcome } from "@tutti/contracts/intelligence/v1";
import type { Query, ReadOnly } from "@tutti/kernel";
import type { Experience } from "./state.ts";

export interface ExperiencePosition {
  /** Position up to which the caller has learned. */
  readonly count: number;
  readonly choiceCount: number;
  readonly forgottenCount: number;
}

export interface ExperienceUpdate {
  readonly outcomes: readonly ReadOnly<LearnedOutcome>[];
  readonly choices: readonly ReadOnly<LearnedChoice>[];
  readonly count: number;
  readonly choiceCount: number;
  readonly forgottenCount: number;
  /** Live models of capabilities that do not have the usual one. */
  readonly models: Readonly<Record<string, string>>;
  /** Whether this is all experience: a caller that has learned from other experience restarts. */
  readonly isReset: boolean;
}

/** Returns the experience since a position. */
export const experienceUpdate: Query<Experience, ExperiencePosition, ExperienceUpdate> = {
  type: "experience_news",
  answer({ outcomes, choices, models, count, choiceCount, forgottenCount }, known) {
    const missing = count - known.count;
    const missingChoices = choiceCount - known.choiceCount;
    const isStored = (missingCount: number, stored: readonly unknown[]) =>
      missingCount >= 0 && missingCount <= stored.length;
    const isReset =
      known.forgottenCount !== forgottenCount ||
      !isStored(missing, outcomes) ||
      !isStored(missingChoices, choices);
    return {
      outcomes: isReset ? outcomes : outcomes.slice(outcomes.length - missing),
      choices: isReset ? choices : choices.slice(choices.length - missingChoices),
      count,
      choiceCount,
      forgottenCount,
      isReset,
      models: Object.fromEntries([...models].flatMap(([id, { live }]) => (live === "" ? [] : [[id, live]]))),
    };
  },
};
