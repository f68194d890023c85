import { Producer } from "@platformatic/kafka";
import { kafkaAdapter } from "@tutti/sdk/adapters";
import { startKafka } from "../../../tools/kafka.mjs";
import { needsProgram } from "../../../tools/programs.mjs";
import { adapterCalls, overheadGoal } from "../measure/adapter-calls.ts";
import { Absent, type Scenario } from "../scenario.ts";

export const kafka: Scenario = {
  name: "kafka",
  about: "a record through the Kafka adapter, compared with the plain client",
  goals: [overheadGoal("publish")],
  async *run(budget) {
    const program = await needsProgram("python3-kafka");
    if (program.skip !== false) throw new Absent(program.skip);
    await using cluster = await startKafka(program.path);
    await cluster.topic("orders");
    const client = new Producer({
      clientId: "bench",
      bootstrapBrokers: [cluster.address],
      acks: -1,
      retries: 0,
    });
    const adapter = kafkaAdapter({
      name: "shop",
      url: "env:SHOP_KAFKA",
      operations: { publish: { topic: "orders" } },
    });
    const calls = adapterCalls(adapter, cluster.url);
    const recordOf = (text: string) => ({
      topic: "orders",
      value: Buffer.from(text),
      headers: new Map([[Buffer.from("idempotency-key"), Buffer.from(text)]]),
    });
    try {
      yield await calls.measured("publish", budget, {
        client: (text) => client.send({ messages: [recordOf(text)] }),
        input: (data) => ({ data }),
      });
    } finally {
      adapter.close?.();
      await client.close();
    }
  },
};
