import { readFileSync } from "node:fs";
import type { RunHandle } from "@tutti/sdk/client";

/** The text of an example's definition. */
export function source(example: string, file = "workflow.yaml"): string {
  return readFileSync(new URL(`${example}/${file}`, import.meta.url), "utf8");
}

/** The code of the error that a run ended with. */
export function errorOf(run: RunHandle): Promise<string> {
  return run.result().then(
    (output) => `none: it gave ${JSON.stringify(output)}`,
    (error: { readonly code?: string }) => error.code ?? String(error),
  );
}
