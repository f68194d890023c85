import assert from "node:assert/strict";
import { TuttiError } from "@tutti/kernel";
import { type Note, note } from "../src/testing/index.ts";

/** Returns the error of failing work. */
export async function errorOf(work: Promise<unknown>): Promise<TuttiError> {
  const outcome = await work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  assert.ok("error" in outcome, `expected an error, got ${JSON.stringify(outcome)}`);
  assert.ok(outcome.error instanceof TuttiError, `expected a TuttiError, got ${String(outcome.error)}`);
  return outcome.error;
}

export async function all(stream: AsyncIterable<Note>): Promise<Note[]> {
  const found: Note[] = [];
  for await (const reply of stream) found.push(reply);
  return found;
}

/** Notes with these texts, each with a count of 1. */
export async function* texts(...values: readonly string[]): AsyncGenerator<Note, void> {
  for (const text of values) yield note({ text, count: 1 });
}

export async function* endless(): AsyncGenerator<Note, void> {
  for (let count = 0; ; count++) yield note({ count });
}

export const never = new Promise<never>(() => {});
