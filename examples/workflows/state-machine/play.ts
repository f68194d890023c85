import type { Tutti } from "@tutti/sdk/client";
import { inState, source } from "../source.ts";

export const runs = ["subscription-9"];

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.register(source("state-machine"));
  const run = await tutti.start("state-machine", {
    id: "subscription-9",
    parameters: { charge: "subscription.charge" },
  });
  await run.signal("subscribe", { plan: "monthly" });
  await inState(run, "active");
  await run.signal("renew");
  await inState(run, "overdue");
  await run.signal("renew");
  await inState(run, "active");
  await run.signal("cancel");
  return run.result();
}
