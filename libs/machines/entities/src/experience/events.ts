import {
  CapabilityForgottenV1,
  ChoiceLearnedV1,
  ExperienceRecordedV1,
} from "@tutti/contracts/intelligence/v1";
import { choicesMax, outcomesMax, sendersMax } from "./limits.ts";
import type { ExperienceEvent } from "./state.ts";

export const experienceRecorded: ExperienceEvent<ExperienceRecordedV1> = {
  type: "experience_recorded",
  version: 1,
  codec: ExperienceRecordedV1,
  evolve(experience, { sender, batch, outcomes }) {
    experience.outcomes = [...experience.outcomes, ...outcomes].slice(-outcomesMax);
    experience.count += outcomes.length;
    experience.senders.delete(sender);
    experience.senders.set(sender, batch);
    for (const oldest of experience.senders.keys()) {
      if (experience.senders.size <= sendersMax) break;
      experience.senders.delete(oldest);
    }
  },
};

export const choiceLearned: ExperienceEvent<ChoiceLearnedV1> = {
  type: "choice_learned",
  version: 1,
  codec: ChoiceLearnedV1,
  evolve(experience, { choice }) {
    if (choice === undefined) return;
    experience.choices = [...experience.choices, choice].slice(-choicesMax);
    experience.choiceCount += 1;
  },
};

export const capabilityForgotten: ExperienceEvent<CapabilityForgottenV1> = {
  type: "capability_forgotten",
  version: 1,
  codec: CapabilityForgottenV1,
  evolve(experience, { capability: forgotten }) {
    experience.outcomes = experience.outcomes.filter(({ capability }) => capability !== forgotten);
    experience.models.delete(forgotten);
    experience.forgottenCount += 1;
  },
};
