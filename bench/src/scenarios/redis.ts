import { createClient } from "@redis/client";
import { redisAdapter } from "@tutti/sdk/adapters";
import { needsProgram } from "../../../tools/programs.mjs";
import { startRedis } from "../../../tools/redis.mjs";
import { adapterCalls, overheadGoal } from "../measure/adapter-calls.ts";
import { Absent, type Scenario } from "../scenario.ts";

export const redis: Scenario = {
  name: "redis",
  about: "a command through the Redis adapter, compared with the plain client",
  goals: [overheadGoal("read"), overheadGoal("write")],
  async *run(budget) {
    const program = await needsProgram("redis-server");
    if (program.skip !== false) throw new Absent(program.skip);
    // Both sides write once. Without the wait for the disk, its noise does not hide the difference.
    await using server = await startRedis(program.path, ["--appendfsync", "no"]);
    const client = createClient({ url: server.url, RESP: 2 });
    client.on("error", () => {});
    await client.connect();
    await client.set("order:read", "violin");
    const adapter = redisAdapter({
      name: "shop",
      url: "env:SHOP_REDIS",
      operations: { read: { command: "GET order:read" }, write: { command: "SET order:{id} violin" } },
    });
    const calls = adapterCalls(adapter, server.url);
    try {
      yield await calls.measured("read", budget, {
        client: () => client.get("order:read"),
        input: () => ({}),
      });
      yield await calls.measured("write", budget, {
        client: (id) => client.set(`order:${id}`, "violin"),
        input: (id) => ({ id }),
      });
    } finally {
      adapter.close?.();
      client.destroy();
    }
  },
};
