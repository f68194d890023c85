/** A topic of Kafka as a source of runs. */
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Consumer, Producer } from "@platformatic/kafka";
import { startKafka } from "../../../../tools/kafka.mjs";
import { needsProgram } from "../../../../tools/programs.mjs";
import { describeSource, type SourceSystem } from "./source.ts";

const program = await needsProgram("python3-kafka");
const system = async (): Promise<SourceSystem> => {
  const folder = await mkdtempDisposable(join(tmpdir(), "tutti-kafka-"));
  const cluster = await startKafka(program.path);
  const file = join(folder.path, "effects.db");
  const database = new DatabaseSync(file);
  database.exec("PRAGMA journal_mode = WAL; CREATE TABLE effects (n TEXT NOT NULL)");
  await cluster.topic("orders", 3);
  await cluster.topic("failures");
  const client = { clientId: "shop", bootstrapBrokers: [cluster.address] };
  const producer = new Producer(client);
  return {
    url: cluster.url,
    environment: { SHOP_FILE: file },
    kill: () => cluster.kill(),
    up: () => cluster.up(),
    async send(messages) {
      const records = messages.map((text) => ({ topic: "orders", value: Buffer.from(text) }));
      await producer.send({ messages: records });
    },
    async effects() {
      const rows = database.prepare("SELECT n, count(*) AS times FROM effects GROUP BY n").all();
      return new Map(rows.map(({ n, times }) => [String(n), Number(times)]));
    },
    async failures() {
      const consumer = new Consumer({ ...client, groupId: "test" });
      const failures = await consumer.consume({ topics: ["failures"], mode: "earliest" });
      try {
        for await (const { headers } of failures)
          for (const [name, value] of headers) if (String(name) === "tutti-failure") return [String(value)];
        return [];
      } finally {
        await consumer.close(true);
      }
    },
    async [Symbol.asyncDispose]() {
      await producer.close();
      await cluster[Symbol.asyncDispose]();
      database.close();
      await folder[Symbol.asyncDispose]();
    },
  };
};
describeSource({
  name: "a topic of Kafka",
  kind: "kafka",
  skip: program.skip,
  system,
  messages: 200,
  kills: ["worker", "system", "platform"],
});
