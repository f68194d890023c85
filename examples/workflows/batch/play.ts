import type { Tutti } from "@tutti/sdk/client";
import { source } from "../source.ts";
import { written } from "./worker.ts";

export const runs = ["newsletter"];

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(source("batch"));
  written.clear();
  const output = await tutti.execute("batch", {
    id: "newsletter",
    parameters: { split: "list.split", capability: "letters.send", size: 2 },
    input: { items: ["a@x.example", "b@x.example", "nobody", "c@x.example", "d@x.example"] },
  });
  return { output, written: [...written].sort() };
}
