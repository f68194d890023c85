/** Evaluates expressions. Only deciders do this: the event contains the value. */
import type { ErrorDetail } from "@tutti/contracts/types/v1";
import type { Json, Program, Value } from "@tutti/expressions";
import { detailOfRefusal, encodeJson, UnreadableData, valueBytesMax } from "@tutti/machine-work";
import { missionErrors } from "../../errors.ts";
import type { MissionView } from "../state/state.ts";
import { valueOfName } from "./scene.ts";

export interface Evaluating {
  readonly mission: MissionView;
  readonly nowMs: number;
  /** Names that exist only here. */
  readonly names?: Readonly<Record<string, Value>>;
  readonly stepsMax?: number;
  /** Budget of the step that evaluations are charged to. */
  readonly budget?: { charge(steps: number): void };
}

export type Evaluated =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly error: ErrorDetail };

export function evaluate(
  { mission, nowMs, names, stepsMax, budget }: Evaluating,
  program: Program,
  subject: string,
): Evaluated {
  if (program.constant !== undefined) return { ok: true, value: program.constant };
  let reading = "";
  try {
    const result = program.evaluate(
      (place) => {
        reading = program.references[place] ?? "";
        return names?.[reading] ?? valueOfName(mission, reading, nowMs);
      },
      stepsMax === undefined ? {} : { stepsMax },
    );
    budget?.charge(result.stepsUsed);
    if (result.ok) return { ok: true, value: result.value };
    const { expression, message, code, inputs } = result.problem;
    const details: Record<string, string> = { problem: code };
    for (const [name, value] of Object.entries(inputs)) details[`input.${name}`] = value;
    return failed(subject, expression.trim(), message, details);
  } catch (error) {
    if (!(error instanceof UnreadableData)) throw error;
    return failed(subject, reading, `expected JSON in ${reading}, got ${error.message}`, {});
  }
}

function failed(
  subject: string,
  expression: string,
  problem: string,
  details: Record<string, string>,
): Evaluated & { readonly ok: false } {
  const refusal = missionErrors.expressionFailed.refusal({ subject, expression, problem }, { details });
  return { ok: false, error: detailOfRefusal(refusal) };
}

/** Encodes a value. Undefined if it is too large to be kept. */
export function encoded(
  value: Json,
  subject: string,
): { readonly ok: true; readonly bytes: Uint8Array } | { readonly ok: false; readonly error: ErrorDetail } {
  const bytes = encodeJson(value);
  if (bytes.length <= valueBytesMax) return { ok: true, bytes };
  const refusal = missionErrors.tooLarge.refusal({
    items: `bytes of ${subject}`,
    found: bytes.length,
    max: valueBytesMax,
  });
  return { ok: false, error: detailOfRefusal(refusal) };
}
