/** Queries that a definition declares. */
import type { ErrorDetail, Payload } from "@tutti/contracts/types/v1";
import { isRefusal, type Query, type Refusal, withoutRemedy } from "@tutti/kernel";
import { asPayload, dataOf, noBytes } from "@tutti/machine-work";
import { evaluateInFull } from "../../core/evaluate/evaluate.ts";
import type { Run } from "../../core/state/state.ts";
import { runErrors } from "../../errors.ts";
import { entryNamed, payloadOf } from "./entries.ts";
import { sceneOfRun } from "./scene.ts";

export interface EntryQuery {
  readonly query: string;
  readonly payload: Payload | undefined;
}

/** Returns the reply. Undefined for null. */
export const showEntry: Query<Run, EntryQuery, { readonly answer: Payload | undefined } | Refusal> = {
  type: "entry",
  answer(run, { query, payload }, { key }) {
    if (run.order === undefined) return runErrors.runMissing.refusal({ id: key.id });
    const entry = entryNamed(run, "query", query);
    if (isRefusal(entry)) return entry;
    const checked = payloadOf(entry, payload);
    if (isRefusal(checked)) return checked;
    const scene = sceneOfRun(run, { payload: checked.value });
    const result =
      entry.output < 0
        ? ({ ok: true, bytes: noBytes } as const)
        : evaluateInFull(scene, entry.output, `the query ${query}`);
    return result.ok
      ? { answer: asPayload(dataOf(result.bytes, undefined)) }
      : refusalOf(query, result.error);
  },
};

/** Converts an error of an expression into a refusal for the caller. */
export function refusalOf(name: string, error: ErrorDetail): Refusal {
  return runErrors.entryFailed.refusal(
    { name, problem: withoutRemedy(error) },
    { details: { ...error.details } },
  );
}
