import { describeNats } from "./nats.ts";

await describeNats({ messages: 300, kills: ["worker", "system", "platform"] });
