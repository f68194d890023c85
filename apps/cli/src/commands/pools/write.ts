import type { Pool, PoolInput, StrategyKind } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Outcome, Result } from "../../command/presenter.ts";
import { rateOption } from "../../server/rate.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { deletedOutcome } from "../outcome.ts";
import { reasonOf } from "../request.ts";

const slowDefaultMs = 60_000;

export async function createPool(context: Context): Promise<Result> {
  const settings = settingsOf(context);
  const server = await connect(context);
  const { pool, existed } = await server.call("pools.create", {
    query: server.namespace,
    // A new pool gets the default of every option that is not set. Second copies are on by default.
    body: { pool: context.values.argument("POOL"), doubling: { enabled: true }, ...settings },
  });
  return poolOutcome(context, pool, existed === true ? "already exists" : "created");
}

export async function updatePool(context: Context): Promise<Result> {
  const name = context.values.argument("POOL");
  const settings = settingsOf(context);
  if (Object.keys(settings).length === 0)
    throw usageFailure("Set at least one option to update.", [
      [`tutti pool update ${name} --max-queued 500`, "for example"],
    ]);
  const server = await connect(context);
  const pool = await server.call("pools.update", {
    params: { pool: name },
    query: { ...server.namespace, ...reasonOf(context) },
    body: { pool: name, ...settings },
  });
  return poolOutcome(context, pool, "updated");
}

export async function pausePool(context: Context): Promise<Result> {
  const server = await connect(context);
  const pool = await server.call("pools.pause", {
    params: { pool: context.values.argument("POOL") },
    query: server.namespace,
    body: reasonOf(context),
  });
  return poolOutcome(context, pool, "is paused. Running tasks continue");
}

export async function resumePool(context: Context): Promise<Result> {
  const slowStart = rateOption(context, "slow");
  const slowStartMs = context.values.durationMs("duration") ?? slowDefaultMs;
  const server = await connect(context);
  const pool = await server.call("pools.resume", {
    params: { pool: context.values.argument("POOL") },
    query: server.namespace,
    body: { ...reasonOf(context), ...(slowStart === undefined ? {} : { slowStart, slowStartMs }) },
  });
  return poolOutcome(context, pool, slowStart === undefined ? "is resumed" : "is resumed at a slow rate");
}

export async function deletePool(context: Context): Promise<Result> {
  const { values } = context;
  const pool = values.argument("POOL");
  const server = await connect(context);
  const reply = await server.call("pools.delete", {
    params: { pool },
    query: { ...server.namespace, ...reasonOf(context) },
  });
  return deletedOutcome(context, reply, pool);
}

type PoolSettings = Partial<Omit<PoolInput, "pool">>;

function settingsOf({ values }: Context): PoolSettings {
  const [description, kind, admits] = [
    values.text("description"),
    values.text("strategy"),
    values.text("admits"),
  ];
  const [maxQueued, maxAgents] = [values.integer("max-queued"), values.integer("max-agents")];
  const breakAfterFailures = values.integer("break-after");
  const [ageingMs, sleepAfterMs] = [values.durationMs("ageing"), values.durationMs("sleep-after")];
  const weights = Object.entries(values.labels("weight")).map(([name, weight]) => [name, Number(weight)]);
  const labels = values.labels("label");
  return {
    ...(description === undefined ? {} : { description }),
    // The cast: the parser has validated it against the table of strategies.
    ...(kind === undefined ? {} : { strategy: { kind: kind as StrategyKind } }),
    ...(admits === undefined ? {} : { admits: admits.split(",").map((name) => name.trim()) }),
    ...(maxQueued === undefined ? {} : { maxQueued }),
    ...(maxAgents === undefined ? {} : { maxAgents }),
    ...(breakAfterFailures === undefined ? {} : { breakAfterFailures }),
    ...(ageingMs === undefined ? {} : { ageingMs }),
    ...(sleepAfterMs === undefined ? {} : { sleepAfterMs }),
    ...(weights.length === 0 ? {} : { weights: Object.fromEntries(weights) }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
  };
}

function poolOutcome({ print }: Context, pool: Pool | undefined, text: string): Outcome {
  return {
    json: pool ?? {},
    quiet: pool === undefined ? [] : [pool.pool],
    draw: () => {
      if (pool === undefined) return;
      print.line(`${print.style.green("✓")} ${safe(pool.pool)} ${text}`);
    },
  };
}
