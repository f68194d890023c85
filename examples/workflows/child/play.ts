import type { Tutti } from "@tutti/sdk/client";
import { source } from "../source.ts";

export const runs = ["book"];

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(source("child", "chapter.yaml"));
  await tutti.workflows.register(source("child"));
  return tutti.execute("child", {
    id: "book",
    parameters: { capability: "book.write" },
    input: { chapters: ["a dark night", "a bright day"] },
  });
}
