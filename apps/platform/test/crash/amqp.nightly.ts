import { describeAmqp } from "./amqp.ts";

await describeAmqp({ messages: 200, kills: ["worker", "system", "platform"] });
