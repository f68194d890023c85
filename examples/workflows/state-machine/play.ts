import type { Tutti } from "@tutti/sdk/client";
import { inState, source } from "../source.ts";
import { told } from "./worker.ts";

export const runs = ["subscription-9", "subscription-10", "subscription-11"];

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(source("state-machine"));
  told.length = 0;
  const run = await tutti.run("state-machine", {
    id: "subscription-9",
    parameters: { charge: "subscription.charge" },
  });
  await run.signal("subscribe", { plan: "monthly" });
  await inState(run, "active");
  await run.signal("renew");
  await inState(run, "overdue");
  await run.signal("renew");
  await inState(run, "active");
  const months = await run.query<number>("months");
  const refused = await run
    .update("giftMonths", { count: 100 })
    .catch(({ code }: { readonly code: string }) => code);
  const gift = await run.update("giftMonths", { count: 3 });
  await run.signal("cancel");
  const whole = await tutti.run("state-machine", {
    id: "subscription-10",
    parameters: { charge: "subscription.charge" },
  });
  await whole.signal("subscribe", { plan: "yearly" });
  await inState(whole, "active");
  await whole.update("giftMonths", { count: 11 });
  const full = await whole.result();
  const disputed = await tutti.run("state-machine", {
    id: "subscription-11",
    parameters: { charge: "subscription.charge" },
  });
  await disputed.signal("subscribe", { plan: "monthly" });
  await inState(disputed, "active");
  await disputed.signal("takeBack", { why: "the card was stolen" });
  const lost = await disputed
    .result()
    .catch(({ code, message }: { readonly code: string; readonly message: string }) => ({ code, message }));
  return { full, lost, months, refused, gift, output: await run.result(), told };
}
