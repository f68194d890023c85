import type { Tutti } from "@tutti/sdk/client";
import { errorOf, source, waiting } from "../source.ts";
import { site } from "./worker.ts";

export const runs = ["site-1", "site-2"];

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(source("steered"));
  const start = (id: string) =>
    tutti.run("steered", {
      id,
      labels: { customer: "7" },
      parameters: { first: "site.build", second: "site.publish", undo: "site.remove" },
    });

  // Held: what it waits for may come, but nothing new starts. Let go, it fails, is undone, and is resumed when the
  // cause is repaired.
  site.isOnline = false;
  const held = await start("site-1");
  await waiting(held, "word");
  await held.pause("lunch");
  await held.signal("go");
  const { summary } = await held.why("second");
  await held.resume("after lunch");
  const failed = await errorOf(held);
  const leftBuilt = site.isBuilt;
  site.isOnline = true;
  await held.retry("the network is back");
  await waiting(held, "word");
  await held.signal("go");
  const mended = await held.result();

  // Cancelled: what was done is undone.
  const unwanted = await start("site-2");
  await waiting(unwanted, "word");
  await unwanted.cancel("changed my mind");
  return { summary, failed, leftBuilt, mended, unwanted: await errorOf(unwanted) };
}
