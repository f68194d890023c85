/** Few workflows with few recommendations, so that trials interact. */
import {
  JudgeTrial,
  KeepFound,
  PredictedGain,
  Recommendation,
  RegisterTrial,
  StartTrial,
} from "@tutti/contracts/intelligence/v1";
import type { MachineCall } from "@tutti/kernel/testing";
import fc from "fast-check";

export const adviceKey = { namespace: "default", kind: "advice", id: "default" };

export function recommendationOf(id: string, fields: Partial<Recommendation> = {}): Recommendation {
  return Recommendation.fromPartial({
    ...{ namespace: "default", recommendationId: id, kind: "cache", subject: "order", task: "pay" },
    ...{ title: "`pay` computes the same again.", reasons: ["Seen."], risk: "None.", changes: ["a: 1 → 2"] },
    gain: PredictedGain.create({ measure: "time", median: 0.2, low: 0.1, high: 0.3, runs: 20 }),
    ...fields,
  });
}

export function runsOf(count: number, ms: number, failed = 0) {
  const runMs = Array.from({ length: count }, (_, at) => ms + (at % 7));
  return { runMs, failed, money: runMs.map(() => 1), ended: 0 };
}

const id = fc.constantFrom("one", "one", "two");
const subject = fc.constantFrom("order", "order", "ship");
const hash = fc.constantFrom("h1", "h1", "h1", "h1", "h1", "h2");
const sample = fc
  .record({
    count: fc.constantFrom(0, 25, 45, 200),
    ms: fc.constantFrom(50, 100),
    failed: fc.constantFrom(0, 0, 20),
  })
  .map(({ count, ms, failed }) => runsOf(count, ms, failed));

/** Operations for properties. A failing sequence is reduced. */
export function operations(): fc.Arbitrary<MachineCall> {
  const call = (command: string, body: fc.Arbitrary<object>) =>
    body.map((drawn) => ({ key: adviceKey, command, body: drawn }));
  const of = (command: string) => call(command, fc.record({ recommendationId: id }));
  return fc.oneof(
    {
      weight: 4,
      arbitrary: call(
        "keep_found",
        fc
          .record({
            subject,
            baseHash: hash,
            ids: fc.uniqueArray(id, { minLength: 1, maxLength: 2 }),
            median: fc.constantFrom(0.1, 0.2),
          })
          .map(({ ids, median, ...about }) =>
            KeepFound.create({
              ...about,
              found: ids.map((each) =>
                recommendationOf(`${about.subject}-${each}`, {
                  subject: about.subject,
                  gain: PredictedGain.create({ measure: median === 0.1 ? "cpu" : "time", median }),
                }),
              ),
            }),
          ),
      ),
    },
    {
      weight: 4,
      arbitrary: call(
        "start_trial",
        fc
          .record({ subject, id, baseHash: hash, percent: fc.constantFrom(20, 50, 0) })
          .map(({ subject: about, id: each, ...given }) =>
            StartTrial.create({ ...given, recommendationId: `${about}-${each}` }),
          ),
      ),
    },
    {
      weight: 4,
      arbitrary: call(
        "register_trial",
        fc
          .record({ subject, id, hash: fc.constantFrom("t1", "t1", "t1", "") })
          .map(({ subject: about, id: each, ...given }) =>
            RegisterTrial.create({ ...given, recommendationId: `${about}-${each}` }),
          ),
      ),
    },
    {
      weight: 5,
      arbitrary: call(
        "judge_trial",
        fc
          .record({ subject, id, before: sample, tried: sample })
          .map(({ subject: about, id: each, ...given }) =>
            JudgeTrial.create({ ...given, recommendationId: `${about}-${each}` }),
          ),
      ),
    },
    { weight: 3, arbitrary: withSubject("settle_trial", {}) },
    { weight: 1, arbitrary: withSubject("dismiss_found", {}) },
    { weight: 1, arbitrary: withSubject("end_trial", { finding: "Ended.", reopen: true }) },
    { weight: 1, arbitrary: of("dismiss_found") },
  );
}

function withSubject(command: string, fields: object): fc.Arbitrary<MachineCall> {
  return fc.record({ subject, id }).map(({ subject: about, id: each }) => ({
    ...{ key: adviceKey, command },
    body: { recommendationId: `${about}-${each}`, ...fields },
  }));
}
