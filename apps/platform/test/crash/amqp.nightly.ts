/** A queue of RabbitMQ as a source of runs. */
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type ConfirmChannel, connect } from "amqplib";
import { needsProgram } from "../../../../tools/programs.mjs";
import { rabbitSkip, startRabbitmq } from "../../../../tools/rabbitmq.mjs";
import { describeSource, type SourceSystem } from "./source.ts";

const program = await needsProgram("rabbitmqctl");
const system = async (): Promise<SourceSystem> => {
  const folder = await mkdtempDisposable(join(tmpdir(), "tutti-amqp-"));
  const server = await startRabbitmq(program.path);
  const file = join(folder.path, "effects.db");
  const database = new DatabaseSync(file);
  database.exec("PRAGMA journal_mode = WAL; CREATE TABLE effects (n TEXT NOT NULL)");
  const using = async <T>(work: (channel: ConfirmChannel) => Promise<T>): Promise<T> => {
    const client = await connect(server.url);
    try {
      return await work(await client.createConfirmChannel());
    } finally {
      await client.close();
    }
  };
  await using(async (channel) => {
    await channel.assertQueue("orders", { durable: true });
    await channel.assertQueue("failures", { durable: true });
  });
  return {
    url: server.url,
    environment: { SHOP_FILE: file },
    kill: () => server.kill(),
    up: () => server.up(),
    send: (messages) =>
      using(async (channel) => {
        for (const text of messages)
          channel.sendToQueue("orders", Buffer.from(text), {
            messageId: `order ${text}`,
            persistent: true,
          });
        await channel.waitForConfirms();
      }),
    async effects() {
      const rows = database.prepare("SELECT n, count(*) AS times FROM effects GROUP BY n").all();
      return new Map(rows.map(({ n, times }) => [String(n), Number(times)]));
    },
    failures: () =>
      using(async (channel) => {
        const found = await channel.get("failures");
        return found === false ? [] : [String(found.properties.headers?.["tutti-failure"])];
      }),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      database.close();
      await folder[Symbol.asyncDispose]();
    },
  };
};
const skip = program.skip || rabbitSkip;
describeSource({
  name: "a queue of RabbitMQ",
  kind: "amqp",
  skip,
  system,
  messages: 200,
  kills: ["worker", "system", "platform"],
});
