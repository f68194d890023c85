import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Worker } from "@tutti/sdk";
import { connect } from "@tutti/sdk/client";
import { handle } from "../../../../examples/workflows/order/worker.ts";
import { source } from "../../../../examples/workflows/source.ts";
import { startAt } from "../support/killed.ts";
import { makeFolder } from "../support/services.ts";

describe("the order example", () => {
  it("is killed with -9 after each of its steps, and each comes out as if nothing had happened", async () => {
    await using folder = await makeFolder();
    const platform = await startAt(folder.path);
    const { grpc: address } = platform;
    const done: string[] = [];
    let kill = async (_step: string): Promise<void> => {};
    const worker = new Worker({ address, handleSignals: false });
    // The handlers of the example; what each did is noted, and then the power goes.
    const { handle: register } = worker;
    worker.handle = (capability, handler, ...options) =>
      register.call(
        worker,
        capability,
        async (input, context) => {
          const output = await handler(input as never, context);
          done.push(`${context.workId} ${context.idempotencyKey}`);
          await kill(capability);
          return output;
        },
        ...options,
      );
    handle(worker);
    await worker.start();
    const tutti = await connect({ address });
    let current = platform;
    try {
      await tutti.register(source("order"));
      for (const victim of ["shop.reserve", "shop.charge", "shop.ship"]) {
        const id = `order-${victim}`;
        let restarted: Promise<void> | undefined;
        kill = async (step) => {
          if (step !== victim || restarted !== undefined) return;
          restarted = (async () => {
            await current.kill();
            current = await startAt(folder.path, address);
          })();
          await restarted;
        };
        const run = await tutti.start("order", { id, input: { articles: ["violin", "bow"], cents: 7 } });
        assert.deepEqual(await run.result(), {
          labels: ["label of violin", "label of bow"],
          payment: `7 by ${id}/charge`,
        });
        await restarted;
        const keys = done.filter((line) => line.startsWith(`${id} `));
        assert.equal(new Set(keys).size, 4, "reserve, charge and two parcels");
      }
    } finally {
      await tutti.close();
      await worker.stop();
      await current[Symbol.asyncDispose]();
    }
  });
});
