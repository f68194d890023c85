import { describeOutbox } from "./outbox.ts";

const round = ["worker", "database", "worker", "platform", "worker"] as const;
await describeOutbox({ rows: 10_000, kills: [...round, ...round, ...round, ...round] });
