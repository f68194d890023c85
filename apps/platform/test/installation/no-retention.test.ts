/** With `durable.retention.keepMs` 0 an ended run is deleted at once, also before the reply to its start. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { Installation } from "./installation.ts";

it("a start is acknowledged although its run has ended and is deleted", async () => {
  await using installation = await Installation.open(["--durable.retention.keepMs=0"]);
  await using tutti = await installation.client();
  await tutti.workflows.register("workflow: short\ntasks: {done: {set: 1}}\n");
  const starts = Array.from({ length: 40 }, (_, number) =>
    tutti.run("short", { idempotencyKey: `key-${number}` }),
  );
  for (const run of await Promise.all(starts)) assert.match(run.id, /^run_/);
});
