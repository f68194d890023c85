import type { Tutti } from "@tutti/sdk/client";
import { openApproval, source } from "../source.ts";

export const runs = ["news-1"];

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(source("human-edit"));
  const run = await tutti.run("human-edit", {
    id: "news-1",
    parameters: { draft: "news.draft", publish: "news.publish" },
    input: { about: "Tutti" },
  });
  await openApproval(run);
  // Data that does not match the form is rejected, and changes nothing.
  const refused = await run.approve("edit", { data: { text: "" } }).then(
    () => "nothing",
    ({ code }: { readonly code: string }) => code,
  );
  await run.approve("edit", { data: { text: "Tutti is great" } });
  return { refused, output: await run.result() };
}
