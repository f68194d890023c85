/** Children of drawn runs: each executes one task according to the script of its parent. */
import type { WorkflowDocument } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import type { StartChild } from "../../core/state/effects.ts";
import { jsonOf } from "../json.ts";
import type { DrawnRun } from "./drawn-run.ts";
import type { Answer } from "./script.ts";

export const childDocument: WorkflowDocument = {
  workflow: "child",
  tasks: { work: { uses: "do.it", with: "${{ input }}" } },
  output: "${{ tasks.work.output }}",
};

/** Returns the run that a parent requests. */
export function childRunOf({ input }: Pick<StartChild, "input">, answer: Answer): DrawnRun {
  return {
    document: childDocument,
    input: input instanceof Uint8Array ? (jsonOf(input) as Json) : null,
    script: { work: [answer] },
    acts: [],
  };
}
