import type { CapabilityModel, LearnedChoice, LearnedOutcome } from "@tutti/contracts/intelligence/v1";
import type { Command, MachineEvent } from "@tutti/kernel";

/** What a namespace has seen of attempts, folded from its events. Only folds change it. */
export interface Experience {
  /** The latest ones, the oldest first. */
  outcomes: LearnedOutcome[];
  /** How many there have been ever. */
  count: number;
  /** What came of the latest choices of modes, the oldest first. */
  choices: LearnedChoice[];
  /** How many there have been ever. */
  choiceCount: number;
  /** How often something was forgotten: learners start again. */
  forgottenCount: number;
  /** The last batch of each sender, the longest silent first. */
  readonly senders: Map<string, number>;
  /** By capability, the longest unchanged first. All others have the usual model. */
  readonly models: Map<string, CapabilityModel>;
}

export type ExperienceEvent<Body> = MachineEvent<Experience, never, Body>;
export type ExperienceCommand<Body, Reply> = Command<Experience, Body, Reply, never>;

export function newExperience(): Experience {
  return {
    outcomes: [],
    count: 0,
    choices: [],
    choiceCount: 0,
    forgottenCount: 0,
    senders: new Map(),
    models: new Map(),
  };
}
