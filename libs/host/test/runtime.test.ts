import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  DeliverRequest,
  ListPartitionsRequest,
  runtimeService,
  WatchOwnershipRequest,
} from "@tutti/contracts/runtime/v1";
import { notOwner, type Place } from "@tutti/kernel";
import { runtimeErrors } from "@tutti/runtime";
import { journalEpochOf, type PartitionOwner } from "@tutti/runtime/ownership";
import { type HostContext, whenOwned } from "../src/index.ts";
import { serviceOf, startHost } from "./fixture.ts";
import { bankOf, RecordingRuntime } from "./runtime.fixture.ts";

const never = new AbortController().signal;
const bank = { service: "bank" };

describe("a process alone that hosts machines", () => {
  it("owns all partitions before it is ready, and lists them", async () => {
    const runtime = new RecordingRuntime();
    const host = await startHost({ services: [bankOf(runtime)], flags: ["--mesh.transport=grpc"] });
    try {
      assert.equal(runtime.owned.size, 16);
      assert.equal(runtime.owned.get(3), journalEpochOf(1));
      const client = host.mesh.client(runtimeService, bank);
      const { partitions, partitionsTotal } = await client.listPartitions(ListPartitionsRequest.create());
      assert.equal(partitionsTotal, 16);
      assert.deepEqual(
        partitions.map(({ partition }) => partition),
        [...runtime.owned.keys()],
      );
      const { nextDue, ...first } = partitions[0] ?? assert.fail("there are partitions");
      assert.equal(nextDue?.seconds, 1_767_225_600);
      assert.deepEqual([first.head, first.live, first.quarantined, first.inbox], [12, 2, 1, 4]);
    } finally {
      await host.stop();
    }
  });

  it("reports its ownership of all partitions to callers, with its address", async () => {
    const host = await startHost({
      services: [bankOf(new RecordingRuntime())],
      flags: ["--mesh.transport=grpc"],
    });
    try {
      const watch = host.mesh
        .client(runtimeService, bank)
        .watchOwnership(WatchOwnershipRequest.fromPartial({ prefix: "bank/partition/1" }));
      const { value } = await watch.next();
      assert.equal(value?.snapshot, true);
      assert.deepEqual(
        value?.owners.map(({ place }) => place),
        [1, 10, 11, 12, 13, 14, 15].map((partition) => `bank/partition/${partition}`),
      );
      assert.deepEqual(
        [value?.owners[0]?.instance, value?.owners[0]?.address, value?.owners[0]?.epoch],
        [host.processId, host.mesh.address, 1],
      );
      await watch.return();
    } finally {
      await host.stop();
    }
  });

  it("receives envelopes from other processes, and its own without a stream", async () => {
    const runtime = new RecordingRuntime();
    let context: HostContext | undefined;
    const spy = serviceOf("spy", (hostContext) => {
      context = hostContext;
      return {};
    });
    const host = await startHost({ services: [bankOf(runtime), spy], flags: ["--mesh.transport=grpc"] });
    try {
      const letter = {
        namespace: "default",
        sender: "account/a",
        receiver: "account/b",
        number: 1,
        type: "deposit",
      };
      const letters = [{ ...letter, payload: new Uint8Array(), cause: undefined }];
      const batch = { service: "other", partition: 2, envelopes: letters };
      const upTo = await context?.delivery.deliver("bank/partition/3" as Place, batch, never);
      assert.equal(upTo, 1);
      async function* requests() {
        yield DeliverRequest.fromPartial({
          ...{ partition: 4, fromService: "other", fromPartition: 2, batch: 1, letters },
        });
      }
      const replies = host.mesh.client(runtimeService, bank).deliver(requests());
      assert.deepEqual((await replies.next()).value, { batch: 1, upTo: 1 });
      assert.deepEqual(runtime.received, ["other/2 to 3: 1", "other/2 to 4: 1"]);
    } finally {
      await host.stop();
    }
  });
});

describe("the work of a keyed call", () => {
  const key = { namespace: "default", kind: "account", id: "a" };
  const redirect = notOwner("bank/partition/3", { instance: "proc_b-1", address: "b:1", epoch: 2 });

  /** A partition owner whose partition comes and goes under the test's control. */
  class Stub {
    isOwner = true;
    admissions = 0;
    admitted: () => Promise<void> = async () => {};
    owns(): boolean {
      return this.isOwner;
    }
    admit(): Promise<void> {
      this.admissions++;
      return this.admitted();
    }
  }
  const run = <T>(stub: Stub, work: () => Promise<T>) =>
    whenOwned(
      { partitionOwner: stub as unknown as PartitionOwner, runtime: new RecordingRuntime() },
      key,
      { signal: never },
      work,
    );

  it("starts at once if the partition is here", async () => {
    const stub = new Stub();
    assert.equal(await run(stub, async () => 7), 7);
    assert.equal(stub.admissions, 0);
  });

  it("is redirected if the partition leaves before the work starts", async () => {
    const stub = new Stub();
    stub.admitted = () => Promise.reject(redirect);
    const working = run(stub, async () => {
      stub.isOwner = false;
      throw runtimeErrors.leaving({ service: "bank", partition: 3 });
    });
    await assert.rejects(working, (error) => error === redirect);
  });

  it("runs locally if the partition returns", async () => {
    const stub = new Stub();
    stub.admitted = async () => {
      stub.isOwner = true;
    };
    let attempts = 0;
    const reply = await run(stub, async () => {
      if (++attempts > 1) return "done";
      stub.isOwner = false;
      throw runtimeErrors.leaving({ service: "bank", partition: 3 });
    });
    assert.deepEqual([reply, stub.admissions], ["done", 1]);
  });

  it("fails with its own error when it may have had an effect, also if the partition has moved", async () => {
    const stub = new Stub();
    const working = run(stub, async () => {
      stub.isOwner = false;
      throw runtimeErrors.outcomeUnknown({ service: "bank", partition: 3, reason: "no answer" });
    });
    await assert.rejects(working, runtimeErrors.outcomeUnknown.is);
  });
});
