import type { LearnedOutcome } from "@tutti/contracts/intelligence/v1";
import type { Query, ReadOnly } from "@tutti/kernel";
import type { Experience } from "./state.ts";

export interface NewsWanted {
  /** What whoever asks has learned from already. */
  readonly count: number;
  readonly forgottenCount: number;
}

export interface ExperienceNews {
  readonly outcomes: readonly ReadOnly<LearnedOutcome>[];
  readonly count: number;
  readonly forgottenCount: number;
  /** These are all there are: who has learned from others begins anew. */
  readonly isAnew: boolean;
}

/** What has come since. */
export const experienceNews: Query<Experience, NewsWanted, ExperienceNews> = {
  type: "experience_news",
  answer({ outcomes, count, forgottenCount }, known) {
    const missing = count - known.count;
    const isAnew = known.forgottenCount !== forgottenCount || missing < 0 || missing > outcomes.length;
    return {
      outcomes: isAnew ? outcomes : outcomes.slice(outcomes.length - missing),
      count,
      forgottenCount,
      isAnew,
    };
  },
};
