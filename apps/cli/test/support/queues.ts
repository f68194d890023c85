import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { after, before } from "node:test";
import { until } from "@tutti/kernel/testing";
import { Redis } from "ioredis";
import pg from "pg";
import { startPostgres } from "../../../../tools/postgres.mjs";
import { needsProgram } from "../../../../tools/programs.mjs";
import { startRedis } from "../../../../tools/redis.mjs";
import { commandAtWork } from "./at-work.ts";
import { workspaceFolder } from "./command.ts";

const redisServer = await needsProgram("redis-server");
export const postgres = await needsProgram("postgres");
export const queuesSkip = redisServer.skip || postgres.skip;

export const workflowText = (name: string) =>
  `workflow: ${name}\ntasks: {pause: {wait: 1ms}}\noutput: "\${{ input }}"\n`;

/** Returns the CLI and a platform as `commandAtWork` does, next to Redis and PostgreSQL with queues. */
export function commandWithQueues() {
  const at = commandAtWork({
    files: { "mail.yaml": workflowText("send-mail"), "report.yaml": workflowText("report") },
    registered: "mail.yaml report.yaml",
  });
  const closing: (() => Promise<unknown>)[] = [];
  const environment: Record<string, string> = {};
  const servers = {} as { redis: Redis; database: pg.Client };

  before(async () => {
    const [server, other] = await Promise.all([startRedis(redisServer.path), startPostgres(postgres.path)]);
    closing.push(
      () => server[Symbol.asyncDispose](),
      () => other[Symbol.asyncDispose]?.() ?? Promise.resolve(),
    );
    Object.assign(environment, { SHOP_REDIS: server.url, SHOP_DB: other.url });
    const redis = new Redis(server.url, { maxRetriesPerRequest: null });
    const database = new pg.Client({ connectionString: other.url });
    await database.connect();
    Object.assign(servers, { redis, database });
    closing.unshift(
      async () => redis.disconnect(),
      () => database.end(),
    );
    // The clients of the systems come from the project in the folder of the command.
    symlinkSync(join(workspaceFolder, "node_modules"), join(at.command.folder, "node_modules"));
  });
  after(async () => {
    for (const close of closing) await close();
  });

  const start = (line: string) =>
    at.command.start([...splitLine(line), "--server", at.platform.url], { environment });
  const adopted = async (line: string) => {
    const { output, errors, exitCode } = await start(`${line} --json`).ended;
    assert.notEqual(output, "", errors);
    return { exitCode, ...JSON.parse(output) };
  };
  const stateOf = async (id: string): Promise<readonly unknown[]> => {
    const { run } = await at.json(`show ${id}`);
    return [run.status, run.spec.input];
  };
  /** After a restart of the platform, the list is still filled. */
  const runsOf = (prefix: string, countMin: number): Promise<readonly string[]> =>
    until(
      `${countMin} runs`,
      () => listedOf(prefix),
      ({ length }) => length >= countMin,
    );
  const listedOf = async (prefix: string): Promise<readonly string[]> => {
    const { runs } = await at.json("list --all");
    return runs
      .map(({ runId }: { runId: string }) => runId)
      .filter((id: string) => id.startsWith(prefix))
      .map((id: string) => id.slice(prefix.length));
  };

  return {
    at,
    environment,
    closing,
    start,
    adopted,
    stateOf,
    runsOf,
    listedOf,
    get redis() {
      return servers.redis;
    },
    get database() {
      return servers.database;
    },
  };
}

export function splitLine(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain ?? "",
  );
}
