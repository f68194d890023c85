/** Describes the learned models of durations. */
import type { Model, ModelComparison } from "@tutti/rest/types";
import { counted, figure, percent } from "../../elements/moments.ts";

/** How far it can be relied on. */
export function trustText({ samples = 0, error, coverage }: Model): string {
  const parts = [counted(samples, "attempt")];
  if (error !== undefined) parts.push(`${percent(error)} mean error`);
  if (coverage !== undefined) parts.push(`${percent(coverage)} within the p90 range`);
  return parts.join(", ");
}

/** The typical factor between the predicted and the measured value. */
export function offBy({ error = 0 }: ModelComparison): string {
  return `×\u00a0${Math.exp(error).toFixed(2)}`;
}

/** That times are no longer as they were learned. Undefined where they are. */
export function driftText({ drift }: Model): string | undefined {
  if (drift === undefined) return undefined;
  const { factor = 1 } = drift;
  return factor >= 1 ? `${figure(factor)} times as long as before` : `${percent(factor)} of the time before`;
}

/** Changed estimates come first, then the best known ones. */
export function inOrder(models: readonly Model[]): Model[] {
  const rank = ({ drift, samples = 0 }: Model) => (drift === undefined ? samples : Number.MAX_SAFE_INTEGER);
  return [...models].sort(
    (one, other) => rank(other) - rank(one) || one.modelId.localeCompare(other.modelId),
  );
}
