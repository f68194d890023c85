/** Agents summarize parts of a text in parallel. One agent combines the summaries. */
import { readFileSync } from "node:fs";
import type { Tutti } from "@tutti/sdk/client";
import type { ModelScript } from "@tutti/sdk/testing";

/** A summary is the first sentence. The prompt contains the summaries as JSON. */
export const script =
  (): ModelScript =>
  ({ instructions, conversation: [text = ""] }) => {
    if (instructions.startsWith("Summarise")) return text.split(". ")[0] ?? "";
    return (JSON.parse(text) as readonly string[]).map((line, at) => `${at + 1}. ${line}`).join("\n");
  };

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(readFileSync(new URL("workflow.yaml", import.meta.url), "utf8"));
  const documents = [
    "Sales rose by a tenth. The reason is a new shop in Leeds.",
    "Two flutes were returned. Both had a cracked head.",
    "The lease of the hall ends in May. Nobody has called the owner.",
  ];
  return tutti.execute("summaries", { input: { documents } });
}
