import { setTimeout as pause } from "node:timers/promises";
import type { Tutti } from "@tutti/sdk/client";
import { errorOf, source } from "../source.ts";
import { bank } from "./worker.ts";

const count = 30;
export const runs = ["fee-0"];

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(source("retry-many"));
  bank.isThere = false;
  bank.reserved = 0;
  const parameters = { reserve: "fee.reserve", charge: "fee.charge" };
  const ids = Array.from({ length: count }, (_, number) => `fee-${number}`);
  const failed = await Promise.all(
    ids.map(async (id) => errorOf(await tutti.run("retry-many", { id, parameters }))),
  );

  bank.isThere = true;
  const wanted = {
    definition: "retry-many",
    statuses: ["failed" as const],
    errorCode: "bank.away",
  };
  // Lists are eventually consistent.
  let preview = await tutti.runs.preview("retry", wanted);
  while (preview.count < count) {
    await pause(50);
    preview = await tutti.runs.preview("retry", wanted);
  }
  const groups = preview.groups.map((group) => `${group.count} with ${group.value}`);
  const { done, refused } = await preview.apply("the bank is back");
  const outputs = await Promise.all(ids.map((id) => tutti.runs.get(id).result()));
  return {
    failed: [...new Set(failed)],
    groups,
    done,
    refused: refused.length,
    outputs: [...new Set(outputs)],
    reserved: bank.reserved,
  };
}
