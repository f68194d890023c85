import { describeRedis } from "./redis.ts";

await describeRedis("stream", { messages: 100, kills: ["worker", "system", "platform"] });
