import { describeRedis } from "./redis.ts";

const round = ["worker", "system", "worker", "platform", "worker"] as const;
await describeRedis("stream", { messages: 10_000, kills: [...round, ...round, ...round, ...round] });
await describeRedis("list", { messages: 200, kills: ["system", "worker"] });
await describeRedis("channel", { messages: 50, kills: [] });
