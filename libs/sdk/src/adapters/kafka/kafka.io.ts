import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtempDisposable } from "node:fs/promises";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createServer } from "node:tls";
import { until } from "@tutti/kernel/testing";
import { createDevelopmentCertificates } from "@tutti/mesh/certificates";
import {
  adapterErrors,
  adapterProblems,
  type KafkaRecord,
  type KafkaSourceOptions,
  kafkaAdapter,
  kafkaSource,
  type SourceRunOptions,
} from "@tutti/sdk/adapters";
import { startKafka } from "../../../../../tools/kafka.mjs";
import { needsProgram } from "../../../../../tools/programs.mjs";
import { failsWith, Task } from "../files/files.fixture.ts";

const program = await needsProgram("python3-kafka");
const password = "sesame-51f0";
const produce = 0;
const [unknownTopic, notLeader, timedOut, tooLarge] = [3, 6, 7, 10];

describe("Kafka", { skip: program.skip }, () => {
  let cluster: Awaited<ReturnType<typeof startKafka>>;
  const secrets = new Map<string, string>();
  const secret = (reference: string) => secrets.get(reference) ?? "";
  const url = "env:KAFKA" as const;
  const adapter = kafkaAdapter({
    ...{ name: "shop", url },
    operations: {
      created: { topic: "created", key: "order-{id}" },
      again: { topic: "created", repeat: "key" },
      gone: { topic: "gone" },
    },
  });
  const run = (name: string, input: Record<string, unknown> = {}, key = "run/task") =>
    adapter.operations[name]?.call(input, new Task(secret, key)) ?? Promise.reject(new Error(name));
  before(async () => {
    cluster = await startKafka(program.path);
    secrets.set(url, cluster.url);
    await cluster.topic("created", 1);
    await cluster.topic("gone", 1);
    await cluster.fail("gone", unknownTopic);
  });
  after(async () => {
    adapter.close?.();
    await cluster?.[Symbol.asyncDispose]();
  });

  /** A source that runs, and the runs that it started. */
  function running(options: Partial<KafkaSourceOptions> & Pick<KafkaSourceOptions, "topic">) {
    const started: { readonly id: string; readonly input: unknown }[] = [];
    const stop = new AbortController();
    const state = { isAway: false, refused: 0 };
    const tutti = {
      run: async (_workflow: string, { id = "", input }: { id?: string; input?: unknown }) => {
        if (state.isAway) state.refused++;
        if (state.isAway) throw adapterErrors.unreachable({ operation: "run", reason: "away" });
        started.push({ id, input });
      },
    } as unknown as SourceRunOptions["tutti"];
    const source = kafkaSource({
      ...{ name: "in", url, start: ({ text }: KafkaRecord) => ({ workflow: "order", input: text }) },
      ...options,
    });
    const ended = source.run({ tutti, signal: stop.signal, secret: async (reference) => secret(reference) });
    const end = async () => {
      stop.abort();
      await ended;
    };
    return { started, state, source, stop: end, ended };
  }

  it("publishes a record with the key of its task as a header, and returns its position", async () => {
    const output = await run("created", { id: 7, data: { article: "violin" }, headers: { by: "ann" } });
    assert.deepEqual(output, { topic: "created", partition: 0, offset: "0" });
    const records: KafkaRecord[] = [];
    const reader = running({
      topic: "created",
      start: (record) => {
        records.push(record);
        return { workflow: "order" };
      },
    });
    await until("one record", () => records.length === 1);
    await reader.stop();
    assert.deepEqual(records[0], {
      ...{ topic: "created", partition: 0, offset: "0", key: "order-7", text: '{"article":"violin"}' },
      headers: { by: "ann", "idempotency-key": "run/task" },
    });
  });

  it("distinguishes records that were not written, may have been written, and can never be written", async () => {
    await cluster.failNext(produce, tooLarge);
    assert.match(await failsWith(run("created", { id: 8 }), "adapter.refused"), /MESSAGE_TOO_LARGE/);
    await cluster.failNext(produce, timedOut);
    await failsWith(run("created", { id: 8 }), "adapter.outcome_unknown");
    await cluster.failNext(produce, timedOut);
    await failsWith(run("again"), "adapter.unreachable");
    await cluster.failNext(produce, notLeader, notLeader);
    await failsWith(run("created", { id: 8 }), "adapter.failed");
    assert.match(await failsWith(run("gone"), "adapter.refused"), /topic/);
    const usual = kafkaAdapter({ name: "shop", url });
    const call = (topic: string) => usual.operations["publish"]?.call({ topic }, new Task(secret));
    await failsWith(call("no topic"), "adapter.input_invalid");
    usual.close?.();
  });

  it("starts a run for each record of each partition, and commits records that the platform has accepted", async () => {
    await cluster.topic("orders", 3);
    await cluster.topic("failures", 1);
    const usual = kafkaAdapter({ name: "shop", url });
    const publish = (data: string, more: object = {}) =>
      usual.operations["publish"]?.call(
        { topic: "orders", data, ...more },
        new Task(secret, `key of ${data}`),
      );
    for (const text of ["one", "two", "no order", "four", "five"]) await publish(text, { key: text });
    const options = {
      ...{ topic: "orders", failures: "failures", idHeader: "id" },
      start: ({ text }: KafkaRecord) => {
        if (text === "no order") throw new Error("it has no order");
        return { workflow: "order", input: text };
      },
    };
    const failed: KafkaRecord[] = [];
    const failures = running({
      ...{ name: "failed", topic: "failures" },
      start: (record) => {
        failed.push(record);
        return { workflow: "order" };
      },
    });
    const orders = running(options);
    const has = (text: string) => orders.started.some(({ input }) => input === text);
    await until("four started", () => orders.started.length === 4);
    await publish("six", { headers: { id: "order 6" } });
    await until("six started", () => has("six"));
    // The session ends, and another one reads the record again.
    orders.state.isAway = true;
    await publish("seven");
    await until("an interruption", () => orders.state.refused > 0);
    orders.state.isAway = false;
    await until("seven started", () => has("seven"));
    await publish("again", { headers: { id: "order 6" } });
    await until("again started", () => has("again"));
    const status = async () => ({
      ...((await orders.source.operations["status"]?.call({}, new Task(secret))) as { waiting: number }),
    });
    await until("all is committed", async () => (await status()).waiting === 0);
    assert.deepEqual(await status(), { partitions: 3, waiting: 0 });
    await until("a failure", () => failed.length === 1);
    await Promise.all([orders.stop(), failures.stop()]);
    const ids = new Map(orders.started.map(({ id, input }) => [input, id]));
    assert.equal(ids.get("six"), ids.get("again"));
    assert.equal(new Set(ids.values()).size, ids.size - 1);
    for (const id of ids.values()) assert.match(id, /^in-([0-2]-\d+-\d+|[\da-f]{32})$/);
    for (const { id, input } of orders.started) assert.equal(id, ids.get(input));
    const [{ text, key, headers } = assert.fail()] = failed;
    assert.deepEqual([text, key], ["no order", "no order"]);
    assert.equal(headers["tutti-failure"], "it has no order");
    assert.deepEqual([headers["tutti-topic"], headers["idempotency-key"]], ["orders", "key of no order"]);
    usual.close?.();
  });

  it("connects over TLS, and reports why a connection fails, without the password", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "tutti-kafka-"));
    const certificates = await createDevelopmentCertificates({ directory: folder.path, services: ["kafka"] });
    const { key = "", cert = "" } = certificates.services["kafka"] ?? {};
    secrets.set("env:CA", readFileSync(certificates.ca, "utf8"));
    await using front = await guardedFront(cluster.address, {
      key: readFileSync(key),
      cert: readFileSync(cert),
    });
    const at = `localhost:${front.port}`;
    const check = async (text: string, ca: boolean) => {
      secrets.set("env:OTHER", text);
      const other = kafkaAdapter({ name: "shop", url: "env:OTHER", ...(ca && { ca: "env:CA" }) });
      await Promise.resolve(other.check(new Task(secret))).finally(() => other.close?.());
    };
    await check(`kafkas://ann:${password}@${at}`, true);
    assert.deepEqual(front.received, [`PLAIN ann ${password}`]);
    for (const [text, ca, code] of [
      [`kafkas://ann:sesame-wrong@${at}`, true, "adapter.not_signed_in"],
      [`kafkas://ann:${password}@${at}?mechanism=scram-sha-256`, true, "adapter.not_signed_in"],
      [`kafkas://ann:${password}@${at}`, false, "adapter.unreachable"],
      [`kafka://ann:${password}@127.0.0.1:1`, false, "adapter.unreachable"],
      [`kafka://ann:${password}@nowhere.invalid`, false, "adapter.unreachable"],
      [`kafka://ann:${password}@${at}?mechanism=other`, false, "adapter.invalid"],
      [`http://ann:${password}@${at}`, false, "adapter.invalid"],
    ] as const)
      await failsWith(check(text, ca), code);
    const source = kafkaSource({ name: "in", url, topic: "gone", start: () => ({ workflow: "order" }) });
    assert.match(await failsWith(source.check(new Task(secret)), "adapter.refused"), /gone/);
    await assert.rejects(running({ topic: "gone" }).ended, { code: "adapter.refused" });
  });

  it("follows the adapter rules, also while the broker is down", async () => {
    const adapter = kafkaAdapter({ name: "shop", url, operations: { send: { topic: "created" } } });
    const problems = await adapterProblems(adapter, {
      samples: { send: { input: { data: "x" } } },
      secret,
      disconnect: () => cluster.kill(),
    });
    assert.match(
      await failsWith(adapter.operations["send"]?.call({}, new Task(secret)), "adapter.unreachable"),
      /listens/,
    );
    await cluster.up();
    await adapter.operations["send"]?.call({}, new Task(secret));
    adapter.close?.();
    assert.deepEqual(problems, []);
  });
});

/** Starts a broker that requires a password, in front of a broker without one. Records its requests in `heard`. */
async function guardedFront(address: string, tls: { readonly key: Buffer; readonly cert: Buffer }) {
  const [host = "", port = ""] = address.split(":");
  const received: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(tls, (socket) => {
    const behind = connect(Number(port), host);
    sockets.add(socket).add(behind);
    let mechanism = "";
    let bytes = Buffer.alloc(0);
    const reply = (correlation: number, ...parts: readonly Buffer[]) => {
      const body = Buffer.concat([int(correlation, 4), ...parts]);
      socket.write(Buffer.concat([int(body.length, 4), body]));
    };
    for (const side of [socket, behind])
      side
        .on("error", () => {})
        .on("close", () => {
          socket.destroy();
          behind.destroy();
        });
    behind.on("data", (chunk) => socket.write(chunk));
    socket.on("data", (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0)) {
        const frame = bytes.subarray(0, 4 + bytes.readInt32BE(0));
        bytes = bytes.subarray(frame.length);
        const correlation = frame.readInt32BE(8);
        const body = frame.subarray(14 + Math.max(0, frame.readInt16BE(12)));
        if (frame.readInt16BE(4) === 17) {
          mechanism = body.toString("utf8", 2);
          const name = Buffer.from("PLAIN");
          reply(correlation, int(mechanism === "PLAIN" ? 0 : 33, 2), int(1, 4), int(name.length, 2), name);
        } else if (frame.readInt16BE(4) === 36) {
          const [, user = "", receivedPassword = ""] = body.toString("utf8", 2, body.length - 1).split("\0");
          const isRight = receivedPassword === password;
          if (isRight) received.push(`${mechanism} ${user} ${receivedPassword}`);
          reply(
            correlation,
            Buffer.from([0]),
            int(isRight ? 0 : 58, 2),
            Buffer.from([0, 1]),
            Buffer.alloc(9),
          );
        } else behind.write(frame);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return {
    ...{ received, port: (server.address() as AddressInfo).port },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function int(value: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.writeIntBE(value, 0, size);
  return bytes;
}
