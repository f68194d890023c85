import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { adapterProblems, amqpAdapter, amqpSource, type SourceRunOptions } from "@tutti/sdk/adapters";
import { type ChannelModel, type ConfirmChannel, connect } from "amqplib";
import { needsProgram } from "../../../../../tools/programs.mjs";
import { password, rabbitSkip, startRabbitmq } from "../../../../../tools/rabbitmq.mjs";
import { failsWith, Task } from "../files/files.fixture.ts";

const program = await needsProgram("rabbitmqctl");

describe("AMQP", { skip: program.skip || rabbitSkip }, () => {
  let server: Awaited<ReturnType<typeof startRabbitmq>>;
  let client: ChannelModel;
  let channel: ConfirmChannel;
  const secrets = new Map<string, string>();
  const secret = (reference: string) => secrets.get(reference) ?? "";
  const url = "env:AMQP" as const;
  const adapter = amqpAdapter({
    ...{ name: "shop", url },
    operations: {
      created: { exchange: "orders", key: "order.{id}.created" },
      lost: { key: "nowhere" },
      wrong: { exchange: "nothing", key: "a" },
    },
  });
  const run = (name: string, input: Record<string, unknown> = {}, key = "run/task") =>
    adapter.operations[name]?.call(input, new Task(secret, key)) ?? Promise.reject(new Error(name));
  before(async () => {
    server = await startRabbitmq(program.path);
    secrets.set(url, server.url);
    client = await connect(server.url);
    // The last test kills the broker.
    client.on("error", () => {});
    channel = await client.createConfirmChannel();
    await channel.assertExchange("orders", "topic");
    await channel.assertQueue("created");
    await channel.bindQueue("created", "orders", "order.*.created");
  });
  after(async () => {
    adapter.close?.();
    await client?.close().catch(() => {});
    await server?.[Symbol.asyncDispose]();
  });

  it("publishes a persistent message with the key of its task as its id", async () => {
    const output = await run("created", { id: 7, data: { article: "violin" }, headers: { by: "ann" } });
    assert.deepEqual(output, { exchange: "orders", key: "order.7.created", messageId: "run/task" });
    const message = await channel.get("created", { noAck: true });
    assert.ok(message);
    const { messageId, deliveryMode, headers, contentType } = message.properties;
    assert.deepEqual(
      [messageId, deliveryMode, headers, contentType],
      ["run/task", 2, { by: "ann" }, "application/json"],
    );
    assert.deepEqual(JSON.parse(message.content.toString()), { article: "violin" });
    await failsWith(run("created", { id: "7.cancelled" }), "adapter.input_invalid");
  });

  it("fails if no queue accepts a message or the exchange does not exist, and works again afterwards", async () => {
    assert.match(await failsWith(run("lost"), "adapter.refused"), /no queue takes the key `nowhere`/);
    assert.match(await failsWith(run("wrong"), "adapter.refused"), /no exchange 'nothing'/);
    await run("created", { id: 8, data: "text" });
    assert.equal(((await channel.get("created", { noAck: true })) || undefined)?.content.toString(), "text");
  });

  it("reports why a connection fails, without the password", async () => {
    const [place = ""] = /127.*$/.exec(server.url) ?? [];
    for (const [text, code] of [
      [`amqp://shop:wrong@${place}`, "adapter.not_signed_in"],
      [`amqp://shop:${password}@127.0.0.1:1`, "adapter.unreachable"],
      [`amqp://shop:${password}@nowhere.invalid`, "adapter.unreachable"],
      [`http://shop:${password}@${place}`, "adapter.invalid"],
    ] as const) {
      const other = amqpAdapter({ name: "shop", url: "env:OTHER" });
      secrets.set("env:OTHER", text);
      const message = await failsWith(other.check(new Task(secret)), code);
      assert.ok(!message.includes(password) && !message.includes("wrong"), message);
      other.close?.();
    }
    const source = amqpSource({ name: "in", url, queue: "gone", start: () => ({ workflow: "order" }) });
    assert.match(await failsWith(source.check(new Task(secret)), "adapter.refused"), /no queue 'gone'/);
    source.close?.();
  });

  it("starts a run for each message, and rejects invalid messages to the dead letter exchange", async () => {
    await channel.assertExchange("dead", "fanout");
    await channel.assertQueue("dead");
    await channel.bindQueue("dead", "dead", "");
    await channel.assertQueue("work", { deadLetterExchange: "dead" });
    const starts: string[] = [];
    const tutti = {
      run: async (_workflow: string, { id = "" }: { id?: string }) => void starts.push(id),
    } as unknown as SourceRunOptions["tutti"];
    const stop = new AbortController();
    const source = amqpSource({
      ...{ name: "in", url, queue: "work" },
      start: ({ text, id }) => {
        if (text === "no order") throw new Error("it has no order");
        return { workflow: "order", input: { text, id } };
      },
    });
    const running = source.run({
      tutti,
      signal: stop.signal,
      secret: async (reference) => secret(reference),
    });
    for (const [text, messageId] of [["one", "m-1"], ["two", "a b"], ["no order", "m-3"], ["four"]] as const)
      channel.sendToQueue("work", Buffer.from(text), messageId === undefined ? {} : { messageId });
    await channel.waitForConfirms();
    await until("three started", () => starts.length === 3);
    await until("one is dead", async () => (await channel.checkQueue("dead")).messageCount === 1);
    stop.abort();
    await running;
    assert.ok(starts.includes("in-m-1"));
    for (const id of starts) assert.match(id, /^in-[\w.-]+$/);
    assert.equal((await channel.checkQueue("work")).messageCount, 0);
  });

  it("follows the adapter rules, also while the broker is down", async () => {
    const adapter = amqpAdapter({ name: "shop", url, operations: { send: { key: "created" } } });
    const problems = await adapterProblems(adapter, {
      samples: { send: { input: { data: "x" } } },
      secret,
      disconnect: () => server.kill(),
    });
    await server.up();
    adapter.close?.();
    assert.deepEqual(problems, []);
  });
});
