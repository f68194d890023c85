/** Chooses among candidates of the caller, and learns the outcome. */
import type {
  ChooseModeReply,
  ChooseModeRequest,
  LearnedChoice,
  RecordChoicesReply,
  RecordChoicesRequest,
} from "@tutti/contracts/intelligence/v1";
import type { Choice, ModeCandidate } from "@tutti/contracts/session/v1";
import { execute } from "@tutti/host/serving";
import { type CallContext, fromTimestamp } from "@tutti/kernel";
import { learnChoice } from "@tutti/machine-entities/experience";
import { modeName } from "@tutti/machine-session";
import { chooseAmong, type Expected, expectedLossMs, modes as known, type Mode } from "@tutti/planner";
import { choiceOf, weightsOf } from "@tutti/sessions";
import { experienceOf } from "../intelligence/learners.ts";
import type { PlanningDependencies } from "./dependencies.ts";
import { planningErrors } from "./errors.ts";

export async function chooseMode(
  { learners }: PlanningDependencies,
  { features, candidates, optimization, work }: ChooseModeRequest,
  context: CallContext,
): Promise<ChooseModeReply> {
  const expected = candidates.map((candidate, place) => expectedOf(candidate, place, features));
  const duplicate = expected.findIndex(
    ({ mode }, at) => expected.findIndex((each) => each.mode === mode) < at,
  );
  if (duplicate >= 0) {
    const problem = `expected each mode once, got ${expected[duplicate]?.mode} twice`;
    throw planningErrors.candidateUnjudged({ place: duplicate, problem });
  }
  const { knowledge } = await learners.of(context);
  const predictedMs = expected.map(({ mode, meanMs }) => [`predictedMs.${mode}`, meanMs] as const);
  const allFeatures = { ...features, ...Object.fromEntries(predictedMs) };
  const weights = weightsOf(optimization);
  const choice = chooseAmong(allFeatures, expected, knowledge.chooser, {
    ...(weights !== undefined && { weights }),
    exploration: optimization?.exploration ?? 0,
  });
  return { choice: { ...choiceOf(choice), sessionId: work?.id ?? "" } };
}

function expectedOf(
  { mode, eligible, expectedMs, highMs, expectedUse, expectedQuality, reason }: ModeCandidate,
  place: number,
  features: Readonly<Record<string, number>>,
): Expected {
  const name = plannedMode(modeName(mode));
  if (name === undefined)
    throw planningErrors.candidateUnjudged({
      place,
      problem: `expected one of ${known.join(", ")}, got ${modeName(mode) || "no mode"}`,
    });
  const meanMs = expectedMs || (features[`predictedMs.${name}`] ?? 0);
  if (!(meanMs > 0)) {
    const problem = `expected a time of more than 0 for ${name}, got none`;
    throw planningErrors.candidateUnjudged({ place, problem });
  }
  const { timeMs = 0, money = 0 } = expectedUse ?? {};
  return {
    mode: name,
    meanMs,
    highMs: Math.max(meanMs, highMs),
    quality: expectedQuality || 1,
    cost: money || timeMs || meanMs,
    use: { timeMs, money },
    description: reason,
    // Unset means that it can be chosen.
    ...(!eligible && reason !== "" && { ineligible: reason }),
  };
}

function plannedMode(name: string): Mode | undefined {
  return known.find((each) => each === name);
}

export async function recordChoices(
  dependencies: PlanningDependencies,
  { choices }: RecordChoicesRequest,
  context: CallContext,
): Promise<RecordChoicesReply> {
  const lessons = choices.map(learnedOf);
  const key = experienceOf(context.namespace);
  let learned = 0;
  for (const choice of lessons) {
    // Each end counts once by its session: a key of the call must not turn the second end into the first.
    const order = { command: learnChoice, body: { choice }, idempotencyKey: "" };
    if ((await execute(dependencies, key, order, context)).learned) learned++;
  }
  return { learned };
}

function learnedOf(choice: Choice, place: number): LearnedChoice {
  const { sessionId, features, candidates, chosen, chooseTime, outcome } = choice;
  const own = candidates[chosen];
  const untold = (problem: string) => planningErrors.choiceUntold({ place, problem });
  if (sessionId === "") throw untold("expected the session of the choice, got none");
  if (chooseTime === undefined) throw untold("expected the time of the choice, got none");
  if (own === undefined || plannedMode(modeName(own.mode)) === undefined)
    throw untold(
      `expected one of ${known.join(", ")} as the chosen mode, got ${own ? modeName(own.mode) || "no mode" : "nothing"}`,
    );
  if (!(own.expectedMs > 0)) throw untold("expected the estimated time of the chosen mode, got none");
  if (outcome === undefined || !(outcome.realMs > 0)) throw untold("expected the actual duration, got none");
  return {
    sessionId,
    features,
    mode: own.mode,
    expectedMs: own.expectedMs,
    lostMs: expectedLossMs(choice),
    realMs: outcome.realMs,
    endMs: fromTimestamp(chooseTime) + outcome.realMs,
  };
}
