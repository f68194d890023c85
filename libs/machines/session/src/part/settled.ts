import { kindOfEffect, partOfEffect } from "../numbers.ts";
import type { PartView, SessionStep, SessionView } from "../state.ts";

/** Returns the part that a result is about, where it is a result of this kind. */
export function settledPart(session: SessionView, step: SessionStep, kind: number): PartView | undefined {
  const { number } = step.settles ?? { number: 0 };
  const part = partOfEffect(number);
  return part === undefined || kindOfEffect(number) !== kind ? undefined : session.parts[part];
}
