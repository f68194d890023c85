/**
 * Checks results by rules before they count. A rule that refuses one fails the attempt with its reason. A result that
 * needs an approval goes to its work with the question, and the work holds it. Without rules about results, a result
 * costs the read of a flag.
 */
import type { Payload } from "@tutti/contracts/types/v1";
import type { ResultQuestion } from "@tutti/contracts/workflow/v1";
import { errorFromUnknown, type Timers, toErrorDetail } from "@tutti/kernel";
import { offerErrors } from "./errors.ts";
import type { EndedAttempt, Settlement } from "./settlement.ts";

/** Admission rules about results. */
export interface ResultRules {
  /** Whether there is any rule about results now. */
  readonly hasAnyAboutResults: boolean;
  /** Returns the verdict on a result. Undefined if the result counts unchanged. Throws if it is rejected. */
  result(about: JudgedResult): ResultVerdict | undefined;
}

interface ResultVerdict {
  /** The admitted output, if it differs. */
  readonly output: Uint8Array | undefined;
  /** Questions to people before the result counts, one after the other. */
  readonly questions: readonly ResultQuestion[];
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

/** The source of outputs that are references. */
interface Store {
  readonly readBlob: (namespace: string, sha256: Uint8Array) => Promise<Uint8Array | undefined>;
  readonly timers: Pick<Timers, "after">;
}

/** Pause before the store is read again. */
const retryDelayMs = 500;
/** A larger output is judged by its reference. */
const valueBytesMax = 1_048_576;

/** @param rules undefined if nothing is enforced */
export function judgedResults(
  rules: ResultRules | undefined,
  workKind: string,
  settlement: Settlement,
  store: Store,
): Settlement {
  if (rules === undefined) return settlement;
  const result: Settlement["result"] = (ended, isDurable) => {
    if (!rules.hasAnyAboutResults) settlement.result(ended, isDurable);
    else if (!isStored(ended)) settlement.result(judged(rules, workKind, ended), isDurable);
    else
      inlined(ended, store).then(
        (complete) => settlement.result(judged(rules, workKind, complete), isDurable),
        // The store is unavailable, and the result waits.
        () => void store.timers.after(retryDelayMs, () => result(ended, isDurable)),
      );
  };
  return {
    result,
    started: (entry, agent, startMs) => settlement.started(entry, agent, startMs),
    progress: (progress) => settlement.progress(progress),
    partialOutput: (entry, output) => settlement.partialOutput(entry, output),
    unclaimed: (token, isUnwanted) => settlement.unclaimed(token, isUnwanted),
    refused: (entry, error, isDurable) => settlement.refused(entry, error, isDurable),
  };
}

/** Returns whether rules need the output from the store: it is small enough to be read as a value. */
function isStored({ result: { outcome }, entry }: EndedAttempt): boolean {
  if (outcome?.$case !== "outputPayload" || entry === undefined) return false;
  const { body, mediaType } = outcome.value;
  if (body?.$case !== "blob" || body.value.size > valueBytesMax) return false;
  return mediaType === "" || mediaType === "application/json";
}

async function inlined(ended: EndedAttempt, { readBlob }: Store): Promise<EndedAttempt> {
  const { result, entry } = ended;
  const body = result.outcome?.$case === "outputPayload" ? result.outcome.value.body : undefined;
  if (body?.$case !== "blob" || entry === undefined) return ended;
  const value = await readBlob(entry.key.namespace, body.value.sha256);
  // A missing output fails the attempt later on.
  return value === undefined
    ? ended
    : { ...ended, result: { ...result, outcome: { $case: "inlineOutput", value } } };
}

function judged(rules: ResultRules, kind: string, ended: EndedAttempt): EndedAttempt {
  const { result, agent, entry } = ended;
  const { outcome } = result;
  if (outcome?.$case !== "inlineOutput" && outcome?.$case !== "outputPayload") return ended;
  try {
    // Without an entry, the work does not want the result any more, or has not offered it again yet.
    if (entry === undefined) throw offerErrors.resultUnknown({ agent });
    const { key, effect } = entry;
    const { definition, capability, pool } = effect.profile;
    const verdict = rules.result({
      namespace: key.namespace,
      kind,
      id: key.id,
      task: effect.taskId,
      attempt: effect.attempt,
      definition,
      capability,
      pool: pool || "default",
      agent,
      output: outcome.value,
    });
    if (verdict === undefined) return ended;
    const { output, questions } = verdict;
    if (output === undefined) return { ...ended, questions };
    const changed = { $case: "inlineOutput", value: output } as const;
    return { ...ended, questions, result: { ...result, outcome: changed } };
  } catch (thrown) {
    const failed = { $case: "failed", value: toErrorDetail(errorFromUnknown(thrown)) } as const;
    return { ...ended, result: { ...result, outcome: failed } };
  }
}
