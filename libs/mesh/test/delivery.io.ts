/** Messages between partitions, over every transport. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runtimeService } from "@tutti/contracts/runtime/v1";
import {
  type Envelope,
  type EnvelopeBatch,
  kernelErrors,
  notOwner,
  type Owner,
  type Place,
} from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import {
  InProcessNetwork,
  MemoryOwnership,
  Mesh,
  MeshDelivery,
  meshErrors,
  receiveMessages,
} from "../src/index.ts";
import { errorOf } from "./notes.ts";
import { quietFoundation } from "./pairs.ts";

const place = "bank/partition/3" as Place;
const never = new AbortController().signal;
const { deliver } = runtimeService.methods;
const deliverOnly = { ...runtimeService, methods: { deliver } };

function envelope(number: number, payload: Uint8Array = new Uint8Array([number])): Envelope {
  const cause = undefined;
  return {
    namespace: "default",
    sender: "account/a",
    receiver: "account/b",
    number,
    type: "deposit",
    payload,
    cause,
  };
}

function batch(from: number, to: number, payload?: Uint8Array): EnvelopeBatch {
  const envelopes = Array.from({ length: to - from + 1 }, (_, index) => envelope(from + index, payload));
  return { service: "bank", partition: 1, envelopes };
}

/** A process that may own the partition and accepts messages for it. */
interface Receiver {
  readonly mesh: Mesh;
  readonly owner: (epoch: number) => Owner;
  /** Numbers of the messages of each batch as they arrived, `1-3`. */
  readonly received: string[];
  /** Makes a batch durable, or fails. */
  store: (batch: EnvelopeBatch) => Promise<number>;
  admit: (epoch: number) => Promise<void> | undefined;
  /** Notifies that the partition may have another owner. */
  ownerChanged: () => void;
  streams: number;
}

interface Post extends AsyncDisposable {
  readonly receivers: readonly [Receiver, Receiver];
  readonly table: MemoryOwnership;
  /** Mesh of the sending process. */
  readonly mesh: Mesh;
  readonly delivery: MeshDelivery;
}

const lastOf = ({ envelopes }: EnvelopeBatch): number => envelopes.at(-1)?.number ?? 0;

async function openPost(transport: "in-process" | "grpc"): Promise<Post> {
  const network = new InProcessNetwork();
  const settings = { transport, listen: "127.0.0.1:0" };
  const shared = transport === "in-process" ? { network } : {};
  const open = async (): Promise<Receiver> => {
    const mesh = new Mesh({ foundation: quietFoundation, freeze: true, settings, ...shared });
    const receiver: Receiver = {
      mesh,
      owner: (epoch) => ({ instance: mesh.instances[0]?.id ?? "", address: mesh.address, epoch }),
      received: [],
      store: async (batch) => lastOf(batch),
      admit: () => undefined,
      ownerChanged: () => {},
      streams: 0,
    };
    mesh.serve(
      deliverOnly,
      {
        deliver: (requests, context) => {
          receiver.streams++;
          return receiveMessages(requests, context, {
            partitions: 16,
            admit: (_partition, { epoch }) => receiver.admit(epoch),
            receive: (partition, batch) => {
              assert.equal(partition, 3);
              receiver.received.push(`${batch.envelopes[0]?.number}-${lastOf(batch)}`);
              return receiver.store(batch);
            },
            onOwner: (onChange) => {
              receiver.ownerChanged = () => onChange(3);
              return () => {};
            },
          });
        },
      },
      { service: "bank" },
    );
    await mesh.start();
    return receiver;
  };
  const receivers = [await open(), await open()] as const;
  const table = new MemoryOwnership();
  const mesh = new Mesh({ foundation: quietFoundation, ownership: table, settings, ...shared });
  const delivery = new MeshDelivery({ mesh, ownership: table });
  return {
    receivers,
    table,
    mesh,
    delivery,
    async [Symbol.asyncDispose]() {
      delivery.stop();
      for (const each of [mesh, ...receivers.map((receiver) => receiver.mesh)]) await each.stop();
    },
  };
}

for (const transport of ["in-process", "grpc"] as const) {
  describe(`envelopes, ${transport}`, () => {
    it("are acknowledged when durable, and share one stream", async () => {
      await using post = await openPost(transport);
      const [a] = post.receivers;
      post.table.learn(place, a.owner(1));
      const durable = Promise.withResolvers<number>();
      a.store = () => durable.promise;
      let answered = false;
      const first = post.delivery.deliver(place, batch(1, 3), never).then((upTo) => {
        answered = true;
        return upTo;
      });
      await until("the batch", () => a.received.length > 0);
      assert.equal(answered, false);
      durable.resolve(3);
      assert.equal(await first, 3);
      a.store = async (batch) => lastOf(batch);
      for (let number = 4; number < 20; number++) {
        assert.equal(await post.delivery.deliver(place, batch(number, number), never), number);
      }
      assert.equal(a.streams, 1);
    });

    it("arrive complete and in order, with all their fields", async () => {
      await using post = await openPost(transport);
      const [a] = post.receivers;
      post.table.learn(place, a.owner(1));
      let received: EnvelopeBatch | undefined;
      a.store = async (batch) => {
        received = batch;
        return lastOf(batch);
      };
      await post.delivery.deliver(place, batch(1, 3), never);
      assert.equal(received?.service, "bank");
      assert.equal(received?.partition, 1);
      assert.deepEqual(
        received?.envelopes.map(({ number, payload, type, sender }) => [number, [...payload], type, sender]),
        [1, 2, 3].map((number) => [number, [number], "deposit", "account/a"]),
      );
    });

    it("that are many or large travel in parts, which are answered together", async () => {
      await using post = await openPost(transport);
      const [a] = post.receivers;
      post.table.learn(place, a.owner(1));
      const upTo = await post.delivery.deliver(place, batch(1, 6, new Uint8Array(900_000)), never);
      assert.equal(upTo, 6);
      assert.deepEqual(a.received, ["1-2", "3-4", "5-6"]);
      await post.delivery.deliver(place, batch(7, 7 + 4_999), never);
      assert.deepEqual(a.received.slice(3), ["7-4102", "4103-5006"]);
    });

    it("follow the partition: unacknowledged ones go to the new owner", async () => {
      await using post = await openPost(transport);
      const [a, b] = post.receivers;
      post.table.learn(place, a.owner(1));
      await post.delivery.deliver(place, batch(1, 1), never);
      // The owner learns of its loss while batches are under way.
      a.store = async () => {
        throw new Error("the partition is leaving");
      };
      a.admit = () => Promise.reject(notOwner(place, b.owner(2)));
      const outcomes = await Promise.all([
        post.delivery.deliver(place, batch(2, 2), never),
        post.delivery.deliver(place, batch(3, 4), never),
      ]);
      assert.deepEqual(outcomes, [2, 4]);
      assert.deepEqual(b.received, ["2-2", "3-4"]);
      assert.deepEqual([a.streams, b.streams], [1, 1]);
      assert.deepEqual(post.table.ownerOf(place), b.owner(2));
    });

    it("leave the stream to an owner that the table no longer names", async () => {
      await using post = await openPost(transport);
      const [a, b] = post.receivers;
      post.table.learn(place, a.owner(1));
      await post.delivery.deliver(place, batch(1, 1), never);
      post.table.learn(place, b.owner(2));
      assert.equal(await post.delivery.deliver(place, batch(2, 2), never), 2);
      assert.deepEqual([a.received, b.received], [["1-1"], ["2-2"]]);
    });

    it("do not delay the drain of a former owner: its idle stream ends", async () => {
      await using post = await openPost(transport);
      const [a, b] = post.receivers;
      post.table.learn(place, a.owner(1));
      await post.delivery.deliver(place, batch(1, 1), never);
      a.ownerChanged();
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(a.mesh.server.load.streams, 1, "it continues while the partition is here");
      a.admit = () => Promise.reject(notOwner(place, b.owner(2)));
      a.ownerChanged();
      await a.mesh.drain();
      assert.equal(a.mesh.server.load.streams, 0);
      post.table.learn(place, b.owner(2));
      assert.equal(await post.delivery.deliver(place, batch(2, 2), never), 2);
      assert.deepEqual([a.received, b.received], [["1-1"], ["2-2"]]);
    });

    it("wait at an owner that is about to start, with the epoch in the request", async () => {
      await using post = await openPost(transport);
      const [a] = post.receivers;
      post.table.learn(place, a.owner(7));
      const started = Promise.withResolvers<void>();
      const epochs: number[] = [];
      a.admit = (epoch) => {
        epochs.push(epoch);
        return started.promise;
      };
      const delivering = post.delivery.deliver(place, batch(1, 1), never);
      await until("the owner's start", () => epochs.length > 0);
      assert.deepEqual([a.received, epochs], [[], [7]]);
      started.resolve();
      assert.equal(await delivering, 1);
    });

    it("that fail are reported to every waiter, and the next ones open a new stream", async () => {
      await using post = await openPost(transport);
      const [a] = post.receivers;
      post.table.learn(place, a.owner(1));
      a.store = async () => {
        throw kernelErrors.exhausted({ problem: "the inbox" });
      };
      const failures = await Promise.all([
        errorOf(post.delivery.deliver(place, batch(1, 1), never)),
        errorOf(post.delivery.deliver(place, batch(2, 2), never)),
      ]);
      assert.deepEqual(
        failures.map(({ status }) => status),
        ["RESOURCE_EXHAUSTED", "RESOURCE_EXHAUSTED"],
      );
      a.store = async (batch) => lastOf(batch);
      assert.equal(await post.delivery.deliver(place, batch(1, 2), never), 2);
      assert.equal(a.streams, 2);
    });

    it("to a process that dies are rejected as unknown", async () => {
      await using post = await openPost(transport);
      const [a] = post.receivers;
      post.table.learn(place, a.owner(1));
      a.store = () => new Promise(() => {});
      const delivering = errorOf(post.delivery.deliver(place, batch(1, 1), never));
      await until("the batch", () => a.received.length > 0);
      await a.mesh.stop();
      assert.equal((await delivering).status, "UNAVAILABLE");
    });

    it("are bounded in number on their way, and the others wait at the sender", async () => {
      await using post = await openPost(transport);
      const [a] = post.receivers;
      post.table.learn(place, a.owner(1));
      const answers: (() => void)[] = [];
      a.store = (batch) => new Promise((resolve) => answers.push(() => resolve(lastOf(batch))));
      const delivering = Array.from({ length: 200 }, (_, index) =>
        post.delivery.deliver(place, batch(index + 1, index + 1), never),
      );
      await until("64 batches on their way", () => answers.length >= 64);
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      assert.equal(answers.length, 64);
      const all = Promise.all(delivering);
      let done = false;
      void all.then(() => {
        done = true;
      });
      await until("all answers", () => {
        for (const answer of answers.splice(0)) answer();
        return done;
      });
      assert.deepEqual(
        await all,
        Array.from({ length: 200 }, (_, index) => index + 1),
      );
    });

    it("are cancelled by their signal, without effect on the others", async () => {
      await using post = await openPost(transport);
      const [a] = post.receivers;
      const controller = new AbortController();
      const cancelled = post.delivery.deliver(place, batch(1, 1), controller.signal);
      const delivered = post.delivery.deliver(place, batch(2, 2), never);
      controller.abort(new Error("enough"));
      await assert.rejects(cancelled, /enough/);
      post.table.learn(place, a.owner(1));
      assert.equal(await delivered, 2);
    });

    const refused: readonly [what: string, numbers: readonly [partition: number, batch: number][], RegExp][] =
      [
        [
          "out of order",
          [
            [3, 1],
            [3, 3],
          ],
          /expected 2, got 3/,
        ],
        [
          "for two partitions on one stream",
          [
            [3, 1],
            [4, 2],
          ],
          /the first request of the stream, 3, got 4/,
        ],
        [
          "for a partition that does not exist",
          [
            [3, 1],
            [16, 2],
          ],
          /expected a partition below 16, got 16/,
        ],
      ];
    for (const [title, numbers, pattern] of refused)
      it(`${title} are refused`, async () => {
        await using post = await openPost(transport);
        const [a] = post.receivers;
        post.table.learn(place, a.owner(1));
        async function* requests() {
          for (const [partition, batch] of numbers)
            yield { partition, fromService: "bank", fromPartition: 1, batch, letters: [] };
        }
        const replies = post.mesh.client(runtimeService, { service: "bank" }).deliver(requests());
        const refusal = await errorOf(
          (async () => {
            for await (const _reply of replies);
          })(),
        );
        assert.ok(meshErrors.invalidRequest.is(refusal), refusal.message);
        assert.match(refusal.message, pattern);
      });
  });
}

describe("envelopes to a partition of the same process", () => {
  it("need no stream", async () => {
    const mesh = new Mesh({ foundation: quietFoundation, settings: { transport: "in-process" } });
    const delivery = new MeshDelivery({ mesh, ownership: new MemoryOwnership() });
    const received: number[] = [];
    delivery.receive("bank", {
      holds: () => true,
      receive: async (partition, batch) => {
        received.push(partition);
        return lastOf(batch);
      },
    });
    assert.equal(await delivery.deliver(place, batch(1, 2), never), 2);
    assert.deepEqual(received, [3]);
    await assert.rejects(
      delivery.deliver("bank/pool/x" as Place, batch(1, 2), never),
      /expected a partition/,
    );
    await mesh.stop();
  });
});
