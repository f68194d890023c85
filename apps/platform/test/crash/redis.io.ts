import { describeRedis } from "./redis.ts";

await describeRedis("stream", { messages: 300, kills: ["worker", "system", "platform"] });
await describeRedis("list", { messages: 200, kills: ["system", "worker"] });
await describeRedis("channel", { messages: 50, kills: [] });
