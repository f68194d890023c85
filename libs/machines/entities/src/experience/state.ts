import type { CapabilityModel, LearnedChoice, LearnedOutcome } from "@tutti/contracts/intelligence/v1";
import type { Command, MachineEvent } from "@tutti/kernel";

/** Recorded attempts of a namespace, folded from its events. Only folds change them. */
export interface Experience {
  /** Latest ends, the oldest first. */
  outcomes: LearnedOutcome[];
  /** Total number of ends. */
  count: number;
  /** Outcomes of the latest choices of modes, the oldest first. */
  choices: LearnedChoice[];
  /** Total number of choices. */
  choiceCount: number;
  /** Number of deletions: learners start again. */
  forgottenCount: number;
  /** Last batch of each sender, the longest inactive first. */
  readonly senders: Map<string, number>;
  /** Models by capability, the longest unchanged first. All others have the usual model. */
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
