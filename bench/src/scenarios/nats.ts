import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { startNatsServer } from "@tutti/nats/testing";
import { natsAdapter } from "@tutti/sdk/adapters";
import { needsProgram } from "../../../tools/programs.mjs";
import { adapterCalls, overheadGoal } from "../measure/adapter-calls.ts";
import { Absent, type Scenario } from "../scenario.ts";

export const nats: Scenario = {
  name: "nats",
  about: "a message and a request through the NATS adapter, compared with the plain client",
  goals: [overheadGoal("publish"), overheadGoal("request")],
  async *run(budget) {
    const program = await needsProgram("nats-server");
    if (program.skip !== false) throw new Absent(program.skip);
    await using server = await startNatsServer();
    const client = await connect({ servers: server.address });
    await (await jetstreamManager(client)).streams.add({ name: "ORDERS", subjects: ["orders"] });
    client.subscribe("price", { callback: (_error, message) => void message.respond("42") });
    const stream = jetstream(client);
    const adapter = natsAdapter({
      name: "shop",
      url: "env:SHOP_NATS",
      operations: {
        publish: { subject: "orders" },
        request: { subject: "price", does: "request", repeat: "safe" },
      },
    });
    const calls = adapterCalls(adapter, `nats://${server.address}`);
    const input = (data: string) => ({ data });
    try {
      yield await calls.measured("publish", budget, {
        client: (text) => stream.publish("orders", text, { msgID: text }),
        input,
      });
      yield await calls.measured("request", budget, {
        client: (text) => client.request("price", text),
        input,
      });
    } finally {
      adapter.close?.();
      await client.close();
    }
  },
};
