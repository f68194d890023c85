import {
  CapabilityForgotten,
  ExperienceRecorded,
  ForgetCapability,
  type LearnedOutcome,
  RecordExperience,
} from "@tutti/contracts/intelligence/v1";
import { experienceErrors } from "./errors.ts";
import { capabilityForgotten, experienceRecorded } from "./events.ts";
import { nameLengthMax, outcomesPerBatchMax } from "./limits.ts";
import type { ExperienceCommand } from "./state.ts";

/** A batch that was taken in before changes nothing. Numbers may be left out: a batch is of several namespaces. */
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

export const forgetCapability: ExperienceCommand<ForgetCapability, CapabilityForgotten> = {
  type: "forget_capability",
  codec: ForgetCapability,
  reply: CapabilityForgotten,
  decide(experience, { capability: wanted }, step) {
    const isKnown = experience.outcomes.some(({ capability }) => capability === wanted);
    if (isKnown) step.emit(capabilityForgotten, { capability: wanted });
    return { forgotten: isKnown };
  },
};

function batchProblem(
  sender: string,
  batch: number,
  outcomes: readonly LearnedOutcome[],
): string | undefined {
  if (sender === "" || sender.length > nameLengthMax)
    return `expected a sender of 1 to ${nameLengthMax} characters, found ${sender.length}`;
  if (!(Number.isInteger(batch) && batch >= 1))
    return `expected the number of a batch from 1 on, found ${batch}`;
  if (outcomes.length > outcomesPerBatchMax)
    return `expected at most ${outcomesPerBatchMax} ends of attempts, found ${outcomes.length}`;
  const wrong = outcomes.find(
    ({ capability, runMs, inputBytes, tokens, money }) =>
      capability === "" ||
      capability.length > nameLengthMax ||
      ![runMs, inputBytes, tokens, money].every((amount) => amount >= 0 && Number.isFinite(amount)),
  );
  return wrong && `expected a capability and amounts from 0 on, found ${JSON.stringify(wrong).slice(0, 200)}`;
}
