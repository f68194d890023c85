/** Batches of few senders with small numbers, so that some are repeated. */
import {
  LearnChoice,
  LearnedChoice,
  LearnedOutcome,
  ModelTraining,
  RecordExperience,
} from "@tutti/contracts/intelligence/v1";
import { Mode } from "@tutti/contracts/session/v1";
import type { MachineCall } from "@tutti/kernel/testing";
import fc from "fast-check";

export const experienceKey = { namespace: "default", kind: "experience", id: "default" };

export function outcomeOf(capability: string, fields: Partial<LearnedOutcome> = {}): LearnedOutcome {
  return LearnedOutcome.create({ capability, agentId: "a", runMs: 100, endMs: 1_767_225_600_000, ...fields });
}

export function choiceOf(sessionId: string, fields: Partial<LearnedChoice> = {}): LearnedChoice {
  const features = { tasks: 3, "predictedMs.workflow": 90, "predictedMs.swarm": 110 };
  const times = { expectedMs: 100, realMs: 120, endMs: 1_767_225_600_000 };
  return LearnedChoice.create({ sessionId, features, mode: Mode.MODE_WORKFLOW, ...times, ...fields });
}

const outcomes = fc.array(
  fc
    .record({
      capability: fc.oneof({ weight: 20, arbitrary: fc.constantFrom("pay", "ship") }, fc.constant("")),
      runMs: fc.constantFrom(0, 10, 500),
      errorCode: fc.constantFrom("", "", "task.failed"),
    })
    .map(({ capability, ...given }) => outcomeOf(capability, given)),
  { maxLength: 4 },
);

/** A comparison in which each model has the given error, the same over the whole history. */
export function trainingOf(errors: Readonly<Record<string, number>>): ModelTraining {
  const scores = Object.entries(errors).map(([model, error]) => ({
    ...{ model, error, coverage: 0.8, parts: Array.from({ length: 10 }, () => error) },
  }));
  return ModelTraining.create({ timeMs: 1_767_225_600_000, samples: 200, features: ["agent"], scores });
}

function trainings(hasModel: boolean): fc.Arbitrary<object> {
  const error = fc.constantFrom(0.1, 0.3, 0.5);
  return fc
    .record({
      capability: fc.constantFrom("pay", "ship", "none"),
      errors: fc.record({ middle: error, similar: error, median: error, last: error }),
      model: fc.constantFrom("similar", "middle", "none"),
    })
    .map(({ errors, model, capability }) => ({
      ...{ capability, training: trainingOf(errors) },
      ...(hasModel ? { model } : {}),
    }));
}

/** Operations for properties. A failing sequence is reduced. */
export function operations(): fc.Arbitrary<MachineCall> {
  const call = (command: string, body: fc.Arbitrary<object>) =>
    body.map((drawn) => ({ key: experienceKey, command, body: drawn }));
  return fc.oneof(
    {
      weight: 5,
      arbitrary: call(
        "record_experience",
        fc
          .record({ sender: fc.constantFrom("one", "two", ""), batch: fc.nat(6), outcomes })
          .map((body) => RecordExperience.create(body)),
      ),
    },
    {
      weight: 2,
      arbitrary: call(
        "learn_choice",
        fc
          .record({
            id: fc.constantFrom("s1", "s2", ""),
            endMs: fc.nat(3),
            lostMs: fc.constantFrom(0, 5, -1),
          })
          .map(({ id, ...given }) => LearnChoice.create({ choice: choiceOf(id, given) })),
      ),
    },
    {
      weight: 2,
      arbitrary: call("record_training", trainings(false)),
    },
    { weight: 1, arbitrary: call("promote_model", trainings(true)) },
    {
      weight: 1,
      arbitrary: call("roll_back_model", fc.record({ capability: fc.constantFrom("pay", "none") })),
    },
    {
      weight: 1,
      arbitrary: call("forget_capability", fc.record({ capability: fc.constantFrom("pay", "none") })),
    },
  );
}
