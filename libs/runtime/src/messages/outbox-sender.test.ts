import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Credit } from "@tutti/contracts/bank/v1";
import { recordingLogger, seededChance, VirtualTime } from "@tutti/kernel/testing";
import { Outbox } from "./outbox.ts";
import { OutboxSender } from "./outbox-sender.ts";

const from = { namespace: "default", kind: "account", id: "ada" };
const to = { service: "bank", namespace: "default", kind: "account", id: "bob" };
const credit = { type: "credit", codec: Credit };

describe("the sender of a channel", () => {
  for (const microtasks of [0, 1, 2, 3, 4, 5]) {
    it(`sends a message that is released ${microtasks} microtasks after the last confirmation`, async () => {
      const outbox = new Outbox(() => 1);
      const time = new VirtualTime();
      const confirmed = Promise.withResolvers<number>();
      const delivered: number[] = [];
      const sender = new OutboxSender({
        service: "bank",
        partition: 0,
        outbox,
        deliver: (_place, { envelopes }) => {
          delivered.push(...envelopes.map(({ number }) => number));
          return confirmed.promise;
        },
        timers: time,
        chance: seededChance(1),
        logger: recordingLogger(),
      });
      const release = (): void => {
        outbox.send(from, to, credit, { from: "ada", transfer: 1, amountCents: 1 }, undefined);
        for (const channel of outbox.release(outbox.closeSent() ?? { letters: [] })) sender.send(channel);
      };
      release();
      confirmed.resolve(1);
      for (let turn = 0; turn < microtasks; turn++) await Promise.resolve();
      release();
      await time.settle(Promise.resolve());
      sender.stop();
      assert.deepEqual(delivered.slice(0, 2), [1, 2]);
    });
  }
});
