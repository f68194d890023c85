import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { importStepFunctions } from "@tutti/definitions/import";
import type { Json } from "@tutti/expressions";
import { TaskFailure, type Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

/** What each expectation is was worked out by hand, from the specification of the foreign language. */
describe("an imported state machine of Step Functions", () => {
  let installation: Installation;
  let worker: Worker;
  let tutti: Tutti;
  const calls: [capability: string, input: unknown][] = [];
  let isLocked = true;

  before(async () => {
    installation = await Installation.open();
    tutti = await installation.client();
    worker = installation.worker({});
    const handle = (capability: string, work: (input: never) => unknown) =>
      worker.handle(capability, (input: never) => {
        calls.push([capability, input]);
        return work(input);
      });
    handle("check-order", ({ items, total }: { items: string[]; total: number }) => {
      if (items.length === 0) throw new TaskFailure("OrderInvalid", "it has no items");
      if (isLocked) {
        isLocked = false;
        throw new TaskFailure("OrderLocked", "try again");
      }
      return { total };
    });
    handle("ship-item", ({ item, position }: { item: string; position: number }) => ({
      parcel: `${item}-${position}`,
      weight: 1,
    }));
    handle("send-mail", () => "sent");
    handle("submit-job", () => ({ id: "j1", queue: "fast" }));
    handle("job-status", ({ id, round }: { id: string; round: number }) => {
      assert.equal(id, "j1");
      return round < 3 ? { status: "RUNNING", tags: "a,b" } : { status: "SUCCEEDED", tags: "urgent,x" };
    });
    handle("load-payment", ({ id }: { id: string }) => ({ paid: 100, customer: id }));
    handle("pay-back", ({ note }: { note: string }) => {
      if (note.includes("closed")) throw new TaskFailure("BankClosed", "come back tomorrow");
      return { receipt: "r1" };
    });
    handle("book-hotel", () => ({ room: 7 }));
    handle("book-flight", () => {
      throw new TaskFailure("NoSeats", "the plane is full");
    });
    handle("cancel-hotel", () => "cancelled");
    handle("total", ({ list }: { list: number[] }) => ({ total: list.reduce((sum, n) => sum + n, 0) }));
    await worker.start();
    for (const name of ["order", "poll", "refund", "trip-saga", "fan-out"]) {
      const file = new URL(
        `../../../../libs/definitions/test/step-functions/${name}.asl.json`,
        import.meta.url,
      );
      const { documents } = importStepFunctions(readFileSync(file, "utf8"), `${name}.asl.json`);
      for (const document of documents) await tutti.register(document as never);
    }
  });
  after(async () => {
    await worker.stop();
    await tutti.close();
    await installation[Symbol.asyncDispose]();
  });

  const outcome = async (workflow: string, input: Json) => {
    calls.length = 0;
    const run = await tutti.start(workflow, { input: input as never });
    return await run.result().catch((error: Error) => error.message);
  };

  it("does tasks, choices, maps and branches, and puts results where paths say", async () => {
    const order = { customer: "Ada", items: ["book", "pen", "cup"], total: 250 };
    assert.deepEqual(await outcome("order", { order }), [{ count: 3 }, "sent"]);
    const shipped = calls.filter(([capability]) => capability === "ship-item").map(([, input]) => input);
    const byPosition = (one: unknown, other: unknown) =>
      (one as { position: number }).position - (other as { position: number }).position;
    assert.deepEqual(
      shipped.sort(byPosition),
      ["book", "pen", "cup"].map((item, position) => ({
        ...{ position, item, customer: "Ada", carrier: "post" },
      })),
    );
    assert.deepEqual(
      calls.filter(([capability]) => capability !== "ship-item"),
      [
        // The first attempt found the order locked.
        ["check-order", order],
        ["check-order", order],
        ["send-mail", "Dear Ada, 3 parcels (total: 250) are on the way."],
      ],
    );
  });

  it("catches an error by its name, and fails by a rule", async () => {
    assert.deepEqual(await outcome("order", { order: { customer: "Ada", items: [], total: 0 } }), {
      ...{ refused: true, why: "it has no items", error: "OrderInvalid" },
    });
    const large = { customer: "Ada", items: ["car"], total: 1000 };
    assert.match(
      String(await outcome("order", { order: large })),
      /OrderBroken: The order cannot be shipped/,
    );
    assert.deepEqual(await outcome("order", { order: { ...large, approved: false } }), [
      { count: 1 },
      "sent",
    ]);
  });

  it("polls in a loop, with a pause of the input", async () => {
    const before = installation.now();
    assert.deepEqual(await outcome("poll", { pauseSeconds: 2 }), {
      summary: { id: "j1", queue: "fast", state: "SUCCEEDED", tags: ["urgent", "x"] },
      rounds: 3,
      first: "urgent",
      isUrgent: true,
      pair: ["j1", "x"],
    });
    assert.deepEqual(
      calls.slice(1).map(([, input]) => input),
      [1, 2, 3].map((round) => ({ id: "j1", round })),
    );
    // Three pauses, in virtual time.
    assert.ok(installation.now() - before >= 6_000);
  });

  it("computes with JSONata and variables", async () => {
    const refund = (paymentId: string, amount: number) => outcome("refund", { paymentId, amount });
    assert.deepEqual(await refund("ada", 30), { receipt: "r1", left: 70 });
    assert.deepEqual(calls, [
      ["load-payment", { id: "ada", source: "refunds" }],
      ["pay-back", { amount: 30, note: "part refund to ada" }],
    ]);
    assert.deepEqual(await refund("ada", 50), { receipt: "r1", left: 50 });
    assert.deepEqual(calls[1], ["pay-back", { amount: 50, note: "most refund to ada" }]);
    assert.deepEqual(await refund("ada", 100), { receipt: "r1", left: 0 });
    assert.deepEqual(calls[1], ["pay-back", { amount: 100, note: "full refund to ADA" }]);
    assert.match(String(await refund("ada", 200)), /RefundRefused: only 100 was paid/);
    assert.match(String(await refund("closed", 30)), /RefundRefused: come back tomorrow/);
  });

  it("cancels a booking if an error is caught", async () => {
    assert.match(String(await outcome("trip-saga", { to: "Rome" })), /TripFailed: the plane is full/);
    assert.deepEqual(calls, [
      ["book-hotel", { to: "Rome" }],
      ["book-flight", { to: "Rome", hotel: { room: 7 } }],
      ["cancel-hotel", { room: 7 }],
    ]);
  });

  it("gives the results of items and branches in their order", async () => {
    assert.deepEqual(await outcome("fan-out", { numbers: [3, 4, 5] }), [72, 9]);
    assert.deepEqual(calls, [["total", { list: [9, 2, 25] }]]);
  });
});
