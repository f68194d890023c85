import type { Tutti } from "@tutti/sdk/client";
import { source } from "../source.ts";

export const runs = ["training", "training-again"];

/** Two runs need the same four slots. Each gang starts as a whole, one after the other. */
export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(source("gang"));
  const started = [];
  for (const [id, shards] of [
    ["training", ["north", "south", "west"]],
    ["training-again", ["red", "green", "blue"]],
  ] as const)
    started.push(await tutti.run("gang", { id, input: { shards }, pool: "gang" }));
  return Promise.all(started.map((run) => run.result()));
}
