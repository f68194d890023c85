import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import {
  importBpmn,
  importN8n,
  importServerlessWorkflow,
  importStepFunctions,
  importTemporal,
} from "@tutti/definitions/import";
import type { Json } from "@tutti/expressions";
import { TaskFailure, type Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

/** Each expectation was derived manually from the specification of the foreign language. */
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
      for (const document of documents) await tutti.workflows.register(document as never);
    }
  });
  after(async () => {
    await worker?.stop();
    await tutti?.close();
    await installation?.[Symbol.asyncDispose]();
  });

  const outcome = async (workflow: string, input: Json) => {
    calls.length = 0;
    const run = await tutti.run(workflow, { input: input as never });
    return await run.result().catch((error: Error) => error.message);
  };

  it("executes tasks, choices, maps and branches, and writes results to their paths", async () => {
    const order = { customer: "Ada", items: ["book", "pen", "cup"], total: 250 };
    assert.deepEqual(await outcome("order", { order }), [{ count: 3 }, "sent"]);
    const shipped = calls.filter(([capability]) => capability === "ship-item").map(([, input]) => input);
    const byPosition = (one: unknown, other: unknown) =>
      (one as { position: number }).position - (other as { position: number }).position;
    assert.deepEqual(
      shipped.sort(byPosition),
      ["book", "pen", "cup"].map((item, position) => ({ position, item, customer: "Ada", carrier: "post" })),
    );
    assert.deepEqual(
      calls.filter(([capability]) => capability !== "ship-item"),
      [
        // The order was locked at the first attempt.
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

  it("returns the results of items and branches in order", async () => {
    assert.deepEqual(await outcome("fan-out", { numbers: [3, 4, 5] }), [72, 9]);
    assert.deepEqual(calls, [["total", { list: [9, 2, 25] }]]);
  });
});

describe("an imported workflow of Serverless Workflow", () => {
  let installation: Installation;
  let worker: Worker;
  let tutti: Tutti;
  const calls: [capability: string, input: unknown][] = [];
  let busyTimes = 0;

  before(async () => {
    installation = await Installation.open();
    tutti = await installation.client();
    worker = installation.worker({});
    const handle = (capability: string, work: (input: never) => unknown) =>
      worker.handle(capability, (input: never) => {
        calls.push([capability, input]);
        return work(input);
      });
    handle("price-order", ({ items }: { items: string[] }) => ({ total: items.length * 1000 - 750 }));
    handle("ship-order", () => "s1");
    handle("charge", ({ card }: { card: string }) => {
      if (card === "empty") throw new TaskFailure("NoMoney", "no money", { details: { status: "402" } });
      if (card === "broken") throw new TaskFailure("Broken", "torn apart");
      if (busyTimes-- > 0)
        throw new TaskFailure("Busy", "later", {
          details: { type: "https://pay.example/busy", status: "503" },
        });
      return { receipt: "r9" };
    });
    handle("add", ({ a, b }: { a: number; b: number }) => ({ sum: a + b }));
    await worker.start();
    for (const name of ["order", "loop", "retry", "fork", "events", "errors", "jq"]) {
      const file = new URL(
        `../../../../libs/definitions/test/serverless-workflow/${name}.yaml`,
        import.meta.url,
      );
      for (const document of importServerlessWorkflow(readFileSync(file, "utf8")).documents)
        await tutti.workflows.register(document as never);
    }
  });
  after(async () => {
    await worker?.stop();
    await tutti?.close();
    await installation?.[Symbol.asyncDispose]();
  });

  const outcome = async (workflow: string, input: Json) => {
    calls.length = 0;
    const run = await tutti.run(workflow, { input: input as never });
    return await run.result().catch((error: Error) => error.message);
  };

  it("passes data from task to task, and keeps exported data", async () => {
    const order = (more: object) =>
      outcome("shop-order", { order: { items: ["a"], customer: "Ada", ...more } });
    assert.deepEqual(await order({}), { shipped: "s1", workflow: "order" });
    assert.deepEqual(calls, [
      ["price-order", { items: ["a"], currency: "CHF" }],
      ["ship-order", { to: "Ada", text: "1 items for Ada, 250 in all" }],
    ]);
    // The wrapped value has no customer.
    assert.deepEqual(await order({ gift: true }), { shipped: "s1", workflow: "order" });
    assert.deepEqual(calls[1], ["ship-order", { to: null, text: "1 items for null, 250 in all" }]);
    const large = "Too large: The total is 1250 (https://shop.example/errors/too-large, 422, /do/4/refuse)";
    assert.ok(String(await order({ items: ["a", "b"] })).includes(large));
    assert.deepEqual(await order({ items: ["a", "b"], approved: true }), {
      shipped: "s1",
      workflow: "order",
    });
  });

  it("runs loops over lists, also nested, while a condition holds", async () => {
    assert.deepEqual(await outcome("loop", { colors: ["red", "green", "blue", "black", "pink"] }), {
      ...{ long: ["green", "blue", "black"], sum: 9.5, rows: 1 },
    });
  });

  it("retries with growing pauses, and catches the remaining errors", async () => {
    const [before, retry] = [installation.now(), (card: string) => outcome("retry", { card })];
    busyTimes = 2;
    assert.deepEqual(await retry("good"), { paid: true, receipt: "r9" });
    // 2 s and 4 s, in virtual time.
    assert.ok(installation.now() - before >= 6_000);
    const where = "/do/0/outer/try/0/pay/try/0/charge";
    assert.deepEqual(await retry("empty"), { paid: false, why: "NoMoney", where, card: "empty" });
    busyTimes = 100;
    assert.deepEqual(await retry("good"), { paid: false, why: "Busy", where, card: "good" });
    assert.equal(calls.length, 4);
    assert.match(String(await retry("broken")), /Broken: torn apart \(.*communication, 500, /);
  });

  it("catches errors that tasks raise", async () => {
    assert.deepEqual(await outcome("errors", { age: 30 }), { allowed: true, age: 30 });
    assert.deepEqual(await outcome("errors", { age: 5 }), {
      ...{ allowed: false, problem: "Forbidden", at: "/do/0/guarded/try/0/check" },
    });
    assert.match(String(await outcome("errors", { age: 3 })), /https:\/\/bets.example\/child, 400/);
  });

  it("does branches at the same time, with the context", async () => {
    assert.deepEqual(await outcome("fork", { n: 4 }), { list: [{ twice: 8 }, 8], first: 8 });
    assert.deepEqual(calls, [["add", { a: 4, b: 4 }]]);
  });

  it("emits events and listens to them", async () => {
    const run = await tutti.run("events", { input: { order: "o7", by: "ann" } as never });
    await tutti.triggers.post({ type: "shop.order.sent", source: "/post", data: { parcel: 1 } });
    await tutti.triggers.post({ type: "shop.order.packed", source: "/store", data: { box: 2 } });
    const events = (await run.result()) as { type: string; data: unknown }[];
    assert.deepEqual(
      events.map(({ type, data }) => [type, data]),
      [
        ["shop.order.packed", { box: 2 }],
        ["shop.order.sent", { parcel: 1 }],
      ],
    );
  });

  it("computes with jq, where a missing member is null", async () => {
    const people = [
      { name: "Al", age: 35 },
      { name: "Bo", age: 12 },
    ];
    assert.deepEqual(await outcome("jq", { people }), {
      ...{ names: ["Al"], ages: [35, 12], adults: 1, all: true, any: true, missing: null, none: 0 },
      ...{ word: "grown", joined: "al-bo", parts: "b", keys: ["age", "name"], has: true, rest: 0.5 },
      ...{ object: { "the name": "Bo", age: 0 }, text: "2 people: Al\n", not: true, literal: ".people" },
    });
  });
});

describe("an imported workflow of n8n", () => {
  it("passes items from node to node, and sorts them", async () => {
    await using installation = await Installation.open();
    await using tutti = await installation.client();
    const worker = installation.worker({});
    const mails: unknown[] = [];
    worker.handle("crm-search", ({ query, limit }: { query: string; limit: number }) => {
      const size = query === "Acme" || query === "Bob" ? 3 : 200;
      return { name: query, size, mail: `${query}@example.org`, limit };
    });
    worker.handle("email-send", (mail: unknown) => {
      if (mails.push(mail) === 1) throw new TaskFailure("Busy", "later");
      return { sent: true };
    });
    await worker.start();
    const file = new URL("../../../../libs/definitions/test/n8n/leads.json", import.meta.url);
    for (const document of importN8n(readFileSync(file, "utf8")).documents)
      await tutti.workflows.register(document as never);
    const items = async (query: string) =>
      (await tutti.run("sort-leads", { input: { query } as never })).result();
    const marked = (name: string, size: number) => ({
      ...{ name, size, mail: `${name}@example.org`, limit: 10 },
      ...{ label: `Large: ${name}`, double: size * 2 },
    });
    const before = installation.now();
    assert.deepEqual(await items("Beta"), [marked("Beta", 200)]);
    // The pause of the node, in virtual time.
    assert.ok(installation.now() - before >= 2_000);
    assert.deepEqual(await items("Acme"), [marked("Acme", 3)]);
    assert.deepEqual(await items("Bob"), [{ sent: true }]);
    const mail = { to: "Bob@example.org", text: "Hello Bob, welcome!" };
    assert.deepEqual(mails, [mail, mail]);
    await worker.stop();
  });
});

describe("an imported workflow of n8n of the current editor", () => {
  it("computes with times, texts, variables and items of other nodes, and merges items", async () => {
    await using installation = await Installation.open();
    await using tutti = await installation.client();
    const worker = installation.worker({});
    const requests: { url: string; queryParameters?: { parameters: { value: string }[] } }[] = [];
    const order = (id: string, name: string, email: string, more: object = {}) => ({
      ...{ id, status: "paid", total: 20, customer: { name, email }, items: [1, 2] },
      ...more,
    });
    worker.handle("http-request", (request: (typeof requests)[number]) => {
      requests.push(request);
      if (request.url.includes("crm")) return { name: "Ada", email: "ada+test@example.com", tags: ["vip"] };
      if (request.url.includes("billing")) return { name: "A. Lovelace", email: "", plan: "large" };
      const [one, two] = [
        order("order-0017", " Ada ", "ada@Shop.EXAMPLE"),
        order("o-2", "Bo", "bo@x.example"),
      ];
      return { orders: [{ ...two, status: "open" }, one, { ...two, customer: { name: "Bo", email: null } }] };
    });
    worker.handle("split-out", ({ items }: { items: { orders: Json[] }[] }) => items[0]?.orders ?? []);
    worker.handle("slack", ({ text }: { text: string }) => ({ text }));
    worker.handle("email-send", (mail: { subject: string; text: string }) => ({ ...mail }));
    worker.handle("code", ({ items }: { items: Json[] }) => items);
    await worker.start();
    for (const name of ["weekly-report", "contacts"]) {
      const file = new URL(`../../../../libs/definitions/test/n8n/${name}.json`, import.meta.url);
      const [workflow] = importN8n(readFileSync(file, "utf8"), `${name}.json`).documents;
      await tutti.workflows.register(workflow as never);
    }
    const before = installation.now();
    const report = await tutti.run("weekly-report", { parameters: { shopHost: "shop.example" } as never });
    assert.deepEqual(await report.result(), [{ text: "Ada: 2 articles" }]);
    const [{ url, queryParameters } = { url: "" }] = requests.splice(0);
    assert.equal(url, "https://shop.example/api/orders");
    const [since = "", until] = queryParameters?.parameters.map(({ value }) => value) ?? [];
    assert.match(since, /^[-\dT:.]{23}\+0[12]:00$/);
    const age = Date.parse(since) + 7 * 86_400_000 - before;
    // The clock can have changed in between.
    assert.ok(age >= -3_600_000 && age < 3_660_000, since);
    const berlin = new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Berlin" });
    assert.equal(until, berlin.format(before));

    const contacts = await tutti.run("sync-contacts", {
      input: { body: { id: "7", source: "web" } } as never,
    });
    const mail = {
      fromEmail: "crm@example.com",
      toEmail: "ada+test@example.com",
      emailFormat: "text",
      options: {},
    };
    assert.deepEqual(await contacts.result(), {
      welcome: [{ ...mail, subject: "Hello Ada", text: "Ada" }],
      code: [],
    });
    assert.deepEqual(requests.map(({ url }) => url).sort(), [
      "https://billing.example.com/search",
      "https://crm.example.com/contacts/7",
    ]);
    await worker.stop();
  });
});

describe("an imported history of Temporal", () => {
  it("executes the recorded activities with the input of another run", async () => {
    await using installation = await Installation.open();
    await using tutti = await installation.client();
    const worker = installation.worker({});
    const calls: string[] = [];
    const handle = (name: string, output: unknown) =>
      worker.handle(name, (input: unknown) => {
        calls.push(`${name} ${JSON.stringify(input)}`);
        return output;
      });
    handle("reserve-stock", { reservation: "res-1" });
    handle("charge-card", { receipt: "rec-1" });
    handle("print-label", "label-1");
    handle("send-mail", null);
    await worker.start();
    const file = new URL("../../../../libs/definitions/test/temporal/order.json", import.meta.url);
    for (const document of importTemporal(readFileSync(file, "utf8")).documents)
      await tutti.workflows.register(document as never);
    const input = { id: "o-2", customer: "eve@example.org", items: ["oboe"] };
    const run = await tutti.run("process-order", { input: input as never });
    assert.deepEqual(await run.result(), { receipt: "rec-1", label: "label-1", status: "shipped" });
    assert.deepEqual(
      [calls[0], ...calls.slice(1, 3).sort(), calls[3]],
      [
        'reserve-stock {"items":["oboe"]}',
        'charge-card {"customer":"eve@example.org","order":"o-2"}',
        'print-label {"reservation":"res-1","to":"eve@example.org"}',
        'send-mail {"label":"label-1","receipt":"rec-1","to":"eve@example.org"}',
      ],
    );
    await worker.stop();
  });
});

describe("an imported process of BPMN", () => {
  it("follows flows by their conditions, runs branches in parallel, and handles errors by their codes", async () => {
    await using installation = await Installation.open();
    await using tutti = await installation.client();
    const worker = installation.worker({});
    const calls: string[] = [];
    const handle = (name: string, work: (input: never) => unknown) =>
      worker.handle(name, (input: never) => {
        calls.push(name);
        return work(input);
      });
    handle("reserve-stock", ({ articles, store }: { articles: string[]; store: string }) => ({
      reservation: `${store}-${articles.length}`,
    }));
    handle("charge-card", ({ total }: { total: number }) => {
      if (total > 5_000) throw new TaskFailure("CardDeclined", "too much");
      return { charged: total };
    });
    handle("book-freight", () => ({ carrier: "train" }));
    handle("send-parcel", () => "no object");
    handle("release-stock", () => null);
    for (const name of ["pick", "print-label", "wrap", "weigh", "photo"])
      handle(name, () => ({ [name.replace("-", "")]: true }));
    handle("ship", (variables: Record<string, unknown>) => ({ knows: Object.keys(variables).sort() }));
    await worker.start();
    for (const name of ["order", "parallel"]) {
      const file = new URL(`../../../../libs/definitions/test/bpmn/${name}.bpmn`, import.meta.url);
      for (const document of importBpmn(readFileSync(file, "utf8"), `${name}.bpmn`).documents)
        await tutti.workflows.register(document as never);
    }
    const outcome = async (workflow: string, input: Json) => {
      calls.length = 0;
      const run = await tutti.run(workflow, { input: input as never });
      return await run.result().catch((error: Error) => error.message);
    };
    const order = { items: ["violin"], total: 2_000, country: "CH" };
    assert.deepEqual(await outcome("process-order", order), {
      ...{ ...order, stock: { id: "main-1" }, charged: 2_000, carrier: "train" },
    });
    assert.deepEqual(calls, ["reserve-stock", "charge-card", "book-freight"]);
    await outcome("process-order", { ...order, total: 20 });
    assert.deepEqual(calls, ["reserve-stock", "charge-card", "send-parcel"]);
    assert.match(String(await outcome("process-order", { ...order, total: 9_000 })), /CardDeclined: Refused/);
    assert.equal(calls.at(-1), "release-stock");
    const packed = (await outcome("pack", { gift: true })) as { knows: string[] };
    assert.deepEqual(packed.knows, ["gift", "photo", "pick", "printlabel", "weigh", "wrap"]);
    assert.equal(calls.at(-1), "ship");
    await outcome("pack", { gift: false });
    assert.equal(calls.includes("wrap"), false);
    await worker.stop();
  });
});
