import { describeImap } from "./imap.ts";

await describeImap({ messages: 100, kills: ["worker", "system", "platform"] });
