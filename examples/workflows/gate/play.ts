import type { Tutti } from "@tutti/sdk/client";
import { source } from "../source.ts";

export const runs = ["essay-1", "essay-2"];

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(source("gate"));
  const parameters = { work: "essay.write", check: "essay.review" };
  const good = await tutti.execute("gate", { id: "essay-1", parameters, input: "an essay on oaks" });
  // After two rejections, the gate fails with both reports.
  const poor = await tutti.run("gate", { id: "essay-2", parameters, input: "an essay on nothing" });
  const error = await poor.result().catch((thrown: { readonly code: string; readonly details: object }) => ({
    code: thrown.code,
    reports: Object.entries(thrown.details).filter(([name]) => name.startsWith("report.")),
  }));
  return { good, error };
}
