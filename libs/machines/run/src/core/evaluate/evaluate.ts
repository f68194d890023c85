/**
 * Evaluates programs of the plan. Only deciders do this: the event contains the value, and a fold never
 * evaluates.
 */
import type { ErrorDetail } from "@tutti/contracts/types/v1";
import type { PlanReference } from "@tutti/definitions";
import type { EvaluationProblem, Json } from "@tutti/expressions";
import {
  bytesOf,
  type Data,
  detailOfRefusal,
  encodeJson,
  noBytes,
  UnreadableData,
  valueBytesMax,
} from "@tutti/machine-work";
import { runErrors } from "../../errors.ts";
import { isReference } from "./outputs.ts";
import { dataOfReference, type Scene, valueOfReference } from "./scene.ts";

export type Evaluated =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly error: ErrorDetail };

/** @param subject purpose of the expression, in the words of the language: `with of ship` */
export function evaluate(scene: Scene, program: number, subject: string): Evaluated {
  const { plan } = scene.range;
  const planned = plan.plan.programs[program];
  if (planned?.form === "constant") return { ok: true, value: planned.source as Json };
  const references = planned?.references ?? [];
  let reading: PlanReference | undefined;
  try {
    const result = plan.programs.program(program).evaluate((place) => {
      const reference = references[place] as PlanReference | undefined;
      if (reference === undefined) return undefined;
      reading = reference;
      return valueOfReference(scene, reference);
    });
    scene.budget?.charge(result.stepsUsed);
    if (result.ok) return { ok: true, value: result.value };
    const stored = (references as readonly PlanReference[]).find((reference) => isStored(scene, reference));
    return {
      ok: false,
      error: stored === undefined ? expressionError(result.problem, subject) : tooLarge(stored),
    };
  } catch (error) {
    if (!(error instanceof UnreadableData)) throw error;
    const isInStore = reading !== undefined && isReference(dataOfReference(scene, reading)?.data);
    return {
      ok: false,
      error: isInStore ? tooLarge(reading) : unreadable(reading?.name ?? "", error.message),
    };
  }
}

function tooLarge(reference: PlanReference | undefined): ErrorDetail {
  return detailOfRefusal(runErrors.dataStored.refusal({ name: reference?.name ?? "" }));
}

function unreadable(name: string, problem: string): ErrorDetail {
  return detailOfRefusal(runErrors.dataUnreadable.refusal({ name, problem }));
}

/** Whether a reference names an output that is in the blob store. */
function isStored(scene: Scene, reference: PlanReference): boolean {
  return reference.task >= 0 && isReference(dataOfReference(scene, reference)?.data);
}

function expressionError(problem: EvaluationProblem, subject: string): ErrorDetail {
  const { expression, line, column, inputs, expected, code } = problem;
  const details: Record<string, string> = {
    expression: expression.trim(),
    problem: code,
    line: String(line),
    column: String(column),
  };
  if (expected !== "") details["expected"] = expected;
  for (const [name, value] of Object.entries(inputs)) details[`input.${name}`] = value;
  const parameters = { subject, expression: expression.trim(), problem: problem.message };
  return detailOfRefusal(runErrors.expressionFailed.refusal(parameters, { details }));
}

/** Value of a program, for an event. Empty if the fold can find the value in the plan or in the state. */
export type EventValue =
  | { readonly ok: true; readonly bytes: Uint8Array; readonly payload: undefined }
  | { readonly ok: false; readonly error: ErrorDetail };

const follows: EventValue = { ok: true, bytes: noBytes, payload: undefined };

export function evaluateForEvent(scene: Scene, program: number, subject: string): EventValue {
  if (program < 0) return follows;
  if (isFollowing(scene, program)) return sizeProblem(bytesOf(following(scene, program)), subject) ?? follows;
  const result = evaluate(scene, program, subject);
  return result.ok ? encoded(result.value, subject) : result;
}

/** Like `evaluateForEvent`, but never leaves out the value: the fold could not find it. */
export function evaluateInFull(scene: Scene, program: number, subject: string): EventValue {
  const result = evaluate(scene, program, subject);
  return result.ok ? encoded(result.value, subject) : result;
}

export function encoded(value: Json, subject: string): EventValue {
  const bytes = encodeJson(value);
  return sizeProblem(bytes, subject) ?? { ok: true, bytes, payload: undefined };
}

function sizeProblem(bytes: Uint8Array, subject: string): (EventValue & { readonly ok: false }) | undefined {
  if (bytes.length <= valueBytesMax) return undefined;
  const refusal = runErrors.valueTooLarge.refusal({ subject, bytes: bytes.length, bytesMax: valueBytesMax });
  return { ok: false, error: detailOfRefusal(refusal) };
}

/** Returns whether a fold can find the value: a constant, or a variable that never changes. */
export function isFollowing(scene: Scene, program: number): boolean {
  const planned = scene.range.plan.plan.programs[program];
  if (planned === undefined) return false;
  if (planned.form === "constant") return true;
  const reference = planned.references[planned.passes] as PlanReference | undefined;
  return reference !== undefined && dataOfReference(scene, reference) !== undefined;
}

/** Returns the value that `evaluateForEvent` left out. For folds. */
export function following(scene: Scene, program: number): Data | undefined {
  if (program < 0) return undefined;
  const { plan } = scene.range;
  const planned = plan.plan.programs[program];
  if (planned === undefined) return undefined;
  if (planned.form === "constant") {
    const bytes = plan.constant(program);
    return bytes.length === 0 ? undefined : bytes;
  }
  const reference = planned.references[planned.passes] as PlanReference | undefined;
  return reference === undefined ? undefined : dataOfReference(scene, reference)?.data;
}

/** Returns whether a condition is true. An absent condition is. */
export function evaluateCondition(
  scene: Scene,
  program: number,
  subject: string,
): { readonly ok: true; readonly value: boolean } | { readonly ok: false; readonly error: ErrorDetail } {
  if (program < 0) return trueResult;
  const result = evaluate(scene, program, subject);
  return result.ok ? { ok: true, value: result.value === true } : result;
}

const trueResult = { ok: true, value: true } as const;
