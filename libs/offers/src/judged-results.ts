/**
 * Results held against rules before they count: whoever refuses one has the attempt fail with the reason. Where no rule is about
 * results, one costs a look at a flag.
 */
import type { Payload } from "@tutti/contracts/types/v1";
import { errorFromUnknown, toErrorDetail } from "@tutti/kernel";
import { offerErrors } from "./errors.ts";
import type { EndedAttempt, Settlement } from "./settlement.ts";

/** What is said of results. */
export interface ResultRules {
  /** Whether there is any rule about results at present. */
  readonly hasAnyAboutResults: boolean;
  /** The output as it is admitted, where that is another one. Throws where it is refused. */
  result(about: JudgedResult): Uint8Array | undefined;
}

interface JudgedResult {
  readonly namespace: string;
  readonly kind: string;
  readonly id: string;
  readonly task: string;
  readonly attempt: number;
  readonly definition: string;
  readonly capability: string;
  readonly pool: string;
  readonly agent: string;
  readonly output: Uint8Array | Payload;
}

/** @param rules undefined where nothing is enforced */
export function judgedResults(
  rules: ResultRules | undefined,
  workKind: string,
  settlement: Settlement,
): Settlement {
  if (rules === undefined) return settlement;
  return {
    result: (ended, isDurable) =>
      settlement.result(rules.hasAnyAboutResults ? judged(rules, workKind, ended) : ended, isDurable),
    begun: (entry, agent, startMs) => settlement.begun(entry, agent, startMs),
    progress: (progress) => settlement.progress(progress),
    partialOutput: (entry, output) => settlement.partialOutput(entry, output),
    refused: (entry, error, isDurable) => settlement.refused(entry, error, isDurable),
  };
}

function judged(rules: ResultRules, kind: string, ended: EndedAttempt): EndedAttempt {
  const { result, agent, entry } = ended;
  const { outcome } = result;
  if (outcome?.$case !== "inlineOutput" && outcome?.$case !== "outputPayload") return ended;
  try {
    // Nobody knows of which work it is: it is not wanted here any more, or comes before it is asked for again.
    if (entry === undefined) throw offerErrors.resultUnknown({ agent });
    const { key, effect } = entry;
    const { definition, capability, pool } = effect.profile;
    const changed = rules.result({
      ...{ namespace: key.namespace, kind, id: key.id, task: effect.taskId, attempt: effect.attempt },
      ...{ definition, capability, pool: pool || "default", agent, output: outcome.value },
    });
    if (changed === undefined) return ended;
    return { ...ended, result: { ...result, outcome: { $case: "inlineOutput", value: changed } } };
  } catch (thrown) {
    const failed = { $case: "failed", value: toErrorDetail(errorFromUnknown(thrown)) } as const;
    return { ...ended, result: { ...result, outcome: failed } };
  }
}
