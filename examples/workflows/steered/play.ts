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

  // Paused: results and signals arrive, but no task starts. After the resume, the run fails, is compensated, and is
  // retried after the repair.
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

  // Cancelled: completed tasks are compensated.
  const unwanted = await start("site-2");
  await waiting(unwanted, "word");
  await unwanted.cancel("changed my mind");
  return { summary, failed, leftBuilt, mended, unwanted: await errorOf(unwanted) };
}
