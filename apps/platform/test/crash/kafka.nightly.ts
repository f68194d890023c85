import { describeKafka } from "./kafka.ts";

await describeKafka({ messages: 200, kills: ["worker", "system", "platform"] });
