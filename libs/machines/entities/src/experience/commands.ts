import {
  CapabilityForgotten,
  ChoiceLearned,
  ExperienceRecorded,
  ForgetCapability,
  LearnChoice,
  type LearnedChoice,
  type LearnedOutcome,
  RecordExperience,
} from "@tutti/contracts/intelligence/v1";
import type { ReadOnly } from "@tutti/kernel";
import { experienceErrors } from "./errors.ts";
import { capabilityForgotten, choiceLearned, experienceRecorded } from "./events.ts";
import { featuresMax, nameLengthMax, outcomesPerBatchMax } from "./limits.ts";
import type { ExperienceCommand } from "./state.ts";

/** A batch that was recorded before changes nothing. Numbers may have gaps: a batch covers several namespaces. */
export const recordExperience: ExperienceCommand<RecordExperience, ExperienceRecorded> = {
  type: "record_experience",
  codec: RecordExperience,
  reply: ExperienceRecorded,
  decide(experience, { sender, batch, outcomes }, step) {
    const problem = batchProblem(sender, batch, outcomes);
    if (problem !== undefined) return experienceErrors.batchInvalid.refusal({ problem });
    const last = experience.senders.get(sender) ?? 0;
    if (batch <= last) return { batch: last };
    if (outcomes.length > 0) step.emit(experienceRecorded, { sender, batch, outcomes });
    return { batch };
  },
};

/** A message of a session that has ended. */
export const learnChoice: ExperienceCommand<LearnChoice, ChoiceLearned> = {
  type: "learn_choice",
  codec: LearnChoice,
  reply: ChoiceLearned,
  decide(experience, { choice }, step) {
    const problem = choiceProblem(choice);
    if (choice === undefined || problem !== undefined)
      return experienceErrors.choiceInvalid.refusal({ problem: problem ?? "expected a choice, got none" });
    const isKnown = experience.choices.some(
      ({ sessionId, endMs }) => sessionId === choice.sessionId && endMs === choice.endMs,
    );
    if (!isKnown) step.emit(choiceLearned, { choice });
    return { learned: !isKnown };
  },
};

export const forgetCapability: ExperienceCommand<ForgetCapability, CapabilityForgotten> = {
  type: "forget_capability",
  codec: ForgetCapability,
  reply: CapabilityForgotten,
  decide(experience, { capability: requested }, step) {
    const isKnown = experience.outcomes.some(({ capability }) => capability === requested);
    if (isKnown) step.emit(capabilityForgotten, { capability: requested });
    return { forgotten: isKnown };
  },
};

function choiceProblem(choice: ReadOnly<LearnedChoice> | undefined): string | undefined {
  const { sessionId = "", features = {}, expectedMs = 0, lostMs = 0, realMs = 0, endMs = 0 } = choice ?? {};
  if (sessionId === "" || sessionId.length > nameLengthMax)
    return `expected a session with an id of 1 to ${nameLengthMax} characters, got ${sessionId.length}`;
  const names = Object.keys(features);
  if (names.length > featuresMax || names.some((name) => name.length > nameLengthMax))
    return `expected at most ${featuresMax} features, got ${names.length}`;
  const wrong = [expectedMs, lostMs, realMs, endMs].find(
    (amount) => !(amount >= 0 && Number.isFinite(amount)),
  );
  if (wrong !== undefined) return `expected times from 0 on, got ${wrong}`;
  const odd = names.find((name) => !Number.isFinite(features[name]));
  return odd && `expected a number for ${odd}, got ${features[odd]}`;
}

function batchProblem(
  sender: string,
  batch: number,
  outcomes: readonly LearnedOutcome[],
): string | undefined {
  if (sender === "" || sender.length > nameLengthMax)
    return `expected a sender of 1 to ${nameLengthMax} characters, got ${sender.length}`;
  if (!(Number.isInteger(batch) && batch >= 1))
    return `expected the number of a batch from 1 on, got ${batch}`;
  if (outcomes.length > outcomesPerBatchMax)
    return `expected at most ${outcomesPerBatchMax} ends of attempts, got ${outcomes.length}`;
  const wrong = outcomes.find(
    ({ capability, runMs, inputBytes, tokens, money, key, count }) =>
      capability === "" ||
      capability.length > nameLengthMax ||
      key.length > nameLengthMax ||
      ![runMs, inputBytes, tokens, money, count].every((amount) => amount >= 0 && Number.isFinite(amount)),
  );
  return wrong && `expected a capability and amounts from 0 on, got ${JSON.stringify(wrong).slice(0, 200)}`;
}
