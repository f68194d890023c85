import type { Tutti } from "@tutti/sdk/client";
import { source } from "../source.ts";

export const runs = ["mailbox"];

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(source("endless"));
  return tutti.execute("endless", {
    id: "mailbox",
    parameters: { capability: "mail.page" },
    input: { cursor: 0, total: 0 },
  });
}
