/** Two masters that share their data over NATS. Each forwards calls that the other one owns. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AcquireLockRequest, lockService, RenewLocksRequest } from "@tutti/contracts/session/v1";
import { until } from "@tutti/kernel/testing";
import { natsServerProgram } from "@tutti/nats/testing";
import { ServiceCluster } from "../support/cluster.ts";
import { OutsideClient } from "../support/outside-client.ts";

const program = await natsServerProgram();

describe("two masters", { skip: program.skip }, () => {
  it("renew the locks of each other", async () => {
    await using cluster = await ServiceCluster.open();
    const masters = [await cluster.join("master", "first"), await cluster.join("master", "second")];
    const clients = masters.map(({ grpc }) => new OutsideClient(grpc));
    const [client = assert.fail("there are two")] = clients;
    const names = Array.from({ length: 16 }, (_, at) => `door-${at}`);
    const acquired = names.map(async (name) => {
      const request = AcquireLockRequest.fromPartial({ name, holder: "ada", leaseMs: 3_600_000 });
      const { grant } = await client.call(lockService.methods.acquireLock, request);
      return { name, holder: "ada", token: grant?.token ?? 0 };
    });
    const request = RenewLocksRequest.fromPartial({ renewals: await Promise.all(acquired) });
    await until("each owns some of the partitions", async () => {
      const replies = await Promise.all(
        masters.map(async ({ http }) => (await fetch(`${http}/metrics`)).text()),
      );
      return replies.every(
        (text) => Number(/^tutti_ownership_partitions\{service="master"\} (\d+)$/m.exec(text)?.[1]) > 0,
      );
    });
    for (const each of clients) {
      const { receipts } = await each.call(lockService.methods.renewLocks, request);
      assert.deepEqual(
        receipts.map(({ name, expireTime }) => [name, expireTime !== undefined]),
        names.map((name) => [name, true]),
      );
      each[Symbol.dispose]();
    }
  });
});
