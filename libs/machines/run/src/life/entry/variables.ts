/** Sets variables: only updates and transitions do. */
import type { ErrorDetail } from "@tutti/contracts/types/v1";
import { detailOfRefusal, encodeJson } from "@tutti/machine-work";
import { evaluate } from "../../core/evaluate/evaluate.ts";
import type { Scene } from "../../core/evaluate/scene.ts";
import { varsBytesMax } from "../../core/state/limits.ts";
import { runErrors } from "../../errors.ts";

export type Assigned =
  | { readonly ok: true; readonly vars: Record<string, Uint8Array> }
  | { readonly ok: false; readonly error: ErrorDetail };

/** Computes all values with the former values of the variables. */
export function assigned(scene: Scene, set: Readonly<Record<string, number>>, subject: string): Assigned {
  const vars: Record<string, Uint8Array> = {};
  let bytes = 0;
  for (const [name, value] of scene.run.more?.vars ?? []) if (!(name in set)) bytes += value.length;
  for (const [name, program] of Object.entries(set)) {
    const result = evaluate(scene, program, `\`${name}\` of ${subject}`);
    if (!result.ok) return result;
    vars[name] = encodeJson(result.value);
    bytes += vars[name].length;
  }
  if (bytes <= varsBytesMax) return { ok: true, vars };
  const refusal = runErrors.valueTooLarge.refusal({
    subject: "all variables",
    bytes,
    bytesMax: varsBytesMax,
  });
  return { ok: false, error: detailOfRefusal(refusal) };
}
