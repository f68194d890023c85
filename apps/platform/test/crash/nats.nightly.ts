import { describeNats } from "./nats.ts";

const round = ["worker", "system", "worker", "platform", "worker"] as const;
await describeNats({ messages: 10_000, kills: [...round, ...round, ...round, ...round] });
