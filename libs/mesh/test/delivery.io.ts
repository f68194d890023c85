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
import { quiet } from "./pairs.ts";

const place = "bank/partition/3" as Place;
const never = new AbortController().signal;
const { deliver } = runtimeService.methods;
const deliverOnly = { ...runtimeService, methods: { deliver } };

function letter(number: number, payload: Uint8Array = new Uint8Array([number])): Envelope {
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
  const letters = Array.from({ length: to - from + 1 }, (_, index) => letter(from + index, payload));
  return { service: "bank", partition: 1, letters };
}

/** A process that may own the partition and accepts messages for it. */
interface Receiver {
  readonly mesh: Mesh;
  readonly owner: (epoch: number) => Owner;
  /** Numbers of the messages of each batch as they arrived, `1-3`. */
  readonly taken: string[];
  /** Makes a batch durable, or fails. */
  take: (batch: EnvelopeBatch) => Promise<number>;
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

const lastOf = ({ letters }: EnvelopeBatch): number => letters.at(-1)?.number ?? 0;

async function openPost(transport: "in-process" | "grpc"): Promise<Post> {
  const network = new InProcessNetwork();
  const settings = { transport, listen: "127.0.0.1:0" };
  const shared = transport === "in-process" ? { network } : {};
  const open = async (): Promise<Receiver> => {
    const mesh = new Mesh({ foundation: quiet, freeze: true, settings, ...shared });
    const receiver: Receiver = {
      mesh,
      owner: (epoch) => ({ instance: mesh.instances[0]?.id ?? "", address: mesh.address, epoch }),
      taken: [],
      take: async (given) => lastOf(given),
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
            receive: (partition, given) => {
              assert.equal(partition, 3);
              receiver.taken.push(`${given.letters[0]?.number}-${lastOf(given)}`);
              return receiver.take(given);
            },
            onOwner: (heard) => {
              receiver.ownerChanged = () => heard(3);
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
  const mesh = new Mesh({ foundation: quiet, ownership: table, settings, ...shared });
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
  describe(`letters, ${transport}`, () => {
    it("are answered when durable, and keep one stream", async () => {
      await using post = await openPost(transport);
      const [a] = post.receivers;
      post.table.learn(place, a.owner(1));
      const durable = Promise.withResolvers<number>();
      a.take = () => durable.promise;
      let answered = false;
      const first = post.delivery.deliver(place, batch(1, 3), never).then((upTo) => {
        answered = true;
        return upTo;
      });
      await until("the batch", () => a.taken.length > 0);
      assert.equal(answered, false);
      durable.resolve(3);
      assert.equal(await first, 3);
      a.take = async (given) => lastOf(given);
      for (let number = 4; number < 20; number++) {
        assert.equal(await post.delivery.deliver(place, batch(number, number), never), number);
      }
      assert.equal(a.streams, 1);
    });

    it("come whole, in their order, with everything that is in them", async () => {
      await using post = await openPost(transport);
      const [a] = post.receivers;
      post.table.learn(place, a.owner(1));
      let seen: EnvelopeBatch | undefined;
      a.take = async (given) => {
        seen = given;
        return lastOf(given);
      };
      await post.delivery.deliver(place, batch(1, 3), never);
      assert.equal(seen?.service, "bank");
      assert.equal(seen?.partition, 1);
      assert.deepEqual(
        seen?.letters.map(({ number, payload, type, sender }) => [number, [...payload], type, sender]),
        [1, 2, 3].map((number) => [number, [number], "deposit", "account/a"]),
      );
    });

    it("that are many or large travel in parts, which are answered together", async () => {
      await using post = await openPost(transport);
      const [a] = post.receivers;
      post.table.learn(place, a.owner(1));
      const upTo = await post.delivery.deliver(place, batch(1, 6, new Uint8Array(900_000)), never);
      assert.equal(upTo, 6);
      assert.deepEqual(a.taken, ["1-2", "3-4", "5-6"]);
      await post.delivery.deliver(place, batch(7, 7 + 4_999), never);
      assert.deepEqual(a.taken.slice(3), ["7-4102", "4103-5006"]);
    });

    it("follow the partition: unanswered ones go to the new owner", async () => {
      await using post = await openPost(transport);
      const [a, b] = post.receivers;
      post.table.learn(place, a.owner(1));
      await post.delivery.deliver(place, batch(1, 1), never);
      // The owner learns of its loss while batches are under way.
      a.take = async () => {
        throw new Error("the partition is leaving");
      };
      a.admit = () => Promise.reject(notOwner(place, b.owner(2)));
      const outcomes = await Promise.all([
        post.delivery.deliver(place, batch(2, 2), never),
        post.delivery.deliver(place, batch(3, 4), never),
      ]);
      assert.deepEqual(outcomes, [2, 4]);
      assert.deepEqual(b.taken, ["2-2", "3-4"]);
      assert.deepEqual([a.streams, b.streams], [1, 1]);
      assert.deepEqual(post.table.ownerOf(place), b.owner(2));
    });

    it("leave a stream to an owner that the table does not name any more", async () => {
      await using post = await openPost(transport);
      const [a, b] = post.receivers;
      post.table.learn(place, a.owner(1));
      await post.delivery.deliver(place, batch(1, 1), never);
      post.table.learn(place, b.owner(2));
      assert.equal(await post.delivery.deliver(place, batch(2, 2), never), 2);
      assert.deepEqual([a.taken, b.taken], [["1-1"], ["2-2"]]);
    });

    it("do not keep a process that has handed the partition over: an idle stream is ended", async () => {
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
      assert.deepEqual([a.taken, b.taken], [["1-1"], ["2-2"]]);
    });

    it("wait at an owner that is about to start, who is given under which epoch", async () => {
      await using post = await openPost(transport);
      const [a] = post.receivers;
      post.table.learn(place, a.owner(7));
      const begun = Promise.withResolvers<void>();
      const epochs: number[] = [];
      a.admit = (epoch) => {
        epochs.push(epoch);
        return begun.promise;
      };
      const delivering = post.delivery.deliver(place, batch(1, 1), never);
      await until("the owner's start", () => epochs.length > 0);
      assert.deepEqual([a.taken, epochs], [[], [7]]);
      begun.resolve();
      assert.equal(await delivering, 1);
    });

    it("that fail are reported to everyone who waits, and the next ones open a new stream", async () => {
      await using post = await openPost(transport);
      const [a] = post.receivers;
      post.table.learn(place, a.owner(1));
      a.take = async () => {
        throw kernelErrors.exhausted({ what: "the inbox" });
      };
      const failures = await Promise.all([
        errorOf(post.delivery.deliver(place, batch(1, 1), never)),
        errorOf(post.delivery.deliver(place, batch(2, 2), never)),
      ]);
      assert.deepEqual(
        failures.map(({ status }) => status),
        ["RESOURCE_EXHAUSTED", "RESOURCE_EXHAUSTED"],
      );
      a.take = async (given) => lastOf(given);
      assert.equal(await post.delivery.deliver(place, batch(1, 2), never), 2);
      assert.equal(a.streams, 2);
    });

    it("to a process that dies are rejected as unknown", async () => {
      await using post = await openPost(transport);
      const [a] = post.receivers;
      post.table.learn(place, a.owner(1));
      a.take = () => new Promise(() => {});
      const delivering = errorOf(post.delivery.deliver(place, batch(1, 1), never));
      await until("the batch", () => a.taken.length > 0);
      await a.mesh.stop();
      assert.equal((await delivering).status, "UNAVAILABLE");
    });

    it("press back: only so many are on their way, the others wait at home", async () => {
      await using post = await openPost(transport);
      const [a] = post.receivers;
      post.table.learn(place, a.owner(1));
      const answers: (() => void)[] = [];
      a.take = (given) => new Promise((resolve) => answers.push(() => resolve(lastOf(given))));
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

    it("are given up with their signal, without harm to the others", async () => {
      await using post = await openPost(transport);
      const [a] = post.receivers;
      const giving = new AbortController();
      const given = post.delivery.deliver(place, batch(1, 1), giving.signal);
      const kept = post.delivery.deliver(place, batch(2, 2), never);
      giving.abort(new Error("enough"));
      await assert.rejects(given, /enough/);
      post.table.learn(place, a.owner(1));
      assert.equal(await kept, 2);
    });

    const refused: readonly [what: string, numbers: readonly [partition: number, batch: number][], RegExp][] =
      [
        [
          "out of order",
          [
            [3, 1],
            [3, 3],
          ],
          /expected 2, found 3/,
        ],
        [
          "for two partitions on one stream",
          [
            [3, 1],
            [4, 2],
          ],
          /the first request of the stream, 3, found 4/,
        ],
        [
          "for a partition that does not exist",
          [
            [3, 1],
            [16, 2],
          ],
          /expected a partition below 16, found 16/,
        ],
      ];
    for (const [what, numbers, says] of refused)
      it(`${what} are refused`, async () => {
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
        assert.match(refusal.message, says);
      });
  });
}

describe("letters to a partition of this very process", () => {
  it("need no stream", async () => {
    const mesh = new Mesh({ foundation: quiet, settings: { transport: "in-process" } });
    const delivery = new MeshDelivery({ mesh, ownership: new MemoryOwnership() });
    const taken: number[] = [];
    delivery.receive("bank", {
      holds: () => true,
      receive: async (partition, given) => {
        taken.push(partition);
        return lastOf(given);
      },
    });
    assert.equal(await delivery.deliver(place, batch(1, 2), never), 2);
    assert.deepEqual(taken, [3]);
    await assert.rejects(
      delivery.deliver("bank/pool/x" as Place, batch(1, 2), never),
      /expected a partition/,
    );
    await mesh.stop();
  });
});
