import { describeOutbox } from "./outbox.ts";

await describeOutbox({ rows: 300, kills: ["failover"] });
