import { Absent, type Scenario } from "../scenario.ts";
import { graphql } from "./graphql.ts";
import { grpc } from "./grpc.ts";
import { http } from "./http.ts";
import { kafka } from "./kafka.ts";
import { nats } from "./nats.ts";
import { postgres } from "./postgres.ts";
import { redis } from "./redis.ts";

const parts = [postgres, redis, nats, kafka, http, grpc, graphql];

/** Each adapter next to its client library. An adapter without its server on this machine is skipped. */
export const adapters: Scenario = {
  name: "adapters",
  about:
    "calls through the adapters for PostgreSQL, Redis, NATS, Kafka, HTTP, gRPC and GraphQL, each compared with its client",
  goals: parts.flatMap(({ name, goals }) =>
    goals.map((goal) => ({ ...goal, line: { adapter: name, ...goal.line } })),
  ),
  async *run(budget) {
    const absent: string[] = [];
    for (const { name, run } of parts)
      try {
        for await (const result of run(budget)) yield { ...result, adapter: name };
      } catch (error) {
        if (!(error instanceof Absent)) throw error;
        absent.push(error.message);
      }
    if (absent.length > 0) throw new Absent(absent.join("; "));
  },
};
