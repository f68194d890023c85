/** All systems that do the same work: Tutti, its ceiling, and the peers, each with a database as durable as ours. */
import { fileURLToPath } from "node:url";
import { startPostgres } from "../../../../tools/postgres.mjs";
import { needsProgram } from "../../../../tools/programs.mjs";
import { password, startRedis } from "../../../../tools/redis.mjs";
import { closedLoop } from "../../measure/closed-loop.ts";
import { startConversation } from "../../processes/conversation.ts";
import { installPackages } from "../../processes/packages.ts";
import { startPlatform } from "../../processes/platform.ts";
import { startRestate } from "../../processes/restate.ts";
import { started, treeCpuMs } from "../../processes/tree.ts";
import { openCeiling } from "../ceiling/ceiling.ts";
import { type ClusterLoad, openLoad, restateLoad, type Shape } from "../cluster/load.ts";

const versions = { bullmq: "6.7.0", ioredis: "5.11.1", dbos: "5.3.0" } as const;

interface Question {
  readonly shape: Shape;
  readonly concurrency: number;
  readonly seconds: number;
}

interface Measurement {
  readonly [figure: string]: number;
  readonly tasksPerSec: number;
  readonly p50Ms: number;
  /** Processor time of the engine, its database, the worker and the caller together. */
  readonly cpuUsPerTask: number;
}

export interface Opponent {
  readonly name: string;
  /** Undefined if the system does not support the work. */
  readonly measure: (question: Question) => Promise<Measurement> | undefined;
}

type Peer = Opponent & AsyncDisposable;

export async function openTutti(): Promise<Peer> {
  const stack = new AsyncDisposableStack();
  const { value: platform, roots } = await started(() => startPlatform());
  stack.use(platform);
  const load = stack.use(await openLoad(platform.http, platform.grpc));
  return { ...calledFromHere("tutti", load, roots), [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

export async function openRestate(): Promise<Peer> {
  const { value: restate, roots } = await started(() => startRestate(1));
  const opponent = calledFromHere("restate", restateLoad(restate.http), roots);
  return { ...opponent, [Symbol.asyncDispose]: () => restate[Symbol.asyncDispose]() };
}

/** Opens the ceiling, which only does chains from another process: only the bytes of their steps. */
export async function openCeilingOfChains(): Promise<Peer> {
  const { value: arena, roots } = await started(openCeiling);
  return {
    name: "ceiling",
    measure: ({ shape, concurrency, seconds }) => {
      if (shape.name !== "chain") return;
      return accounted(roots, async () => {
        const { stepsPerSec, p50Ms } = await arena.measure(concurrency, seconds);
        return { itemsPerSec: stepsPerSec, p50Ms };
      });
    },
    [Symbol.asyncDispose]: () => arena[Symbol.asyncDispose](),
  };
}

/** Opens BullMQ on a Redis that syncs each write before its reply. */
export async function openBullmq(): Promise<Peer> {
  const program = await needsProgram("redis-server");
  if (program.skip !== false) throw new Error(program.skip);
  const packages = [`bullmq@${versions.bullmq}`, `ioredis@${versions.ioredis}`];
  const folder = await installPackages(`bullmq-${versions.bullmq}`, packages);
  const open = async (stack: AsyncDisposableStack) => {
    const { port } = stack.use(await startRedis(program.path));
    return ["bullmq-jobs.mjs", folder, String(port), password];
  };
  return libraryPeer("bullmq", open);
}

export async function openDbos(): Promise<Peer> {
  const program = await needsProgram("postgres");
  if (program.skip !== false) throw new Error(program.skip);
  const folder = await installPackages(`dbos-${versions.dbos}`, [`@dbos-inc/dbos-sdk@${versions.dbos}`]);
  const open = async (stack: AsyncDisposableStack) => {
    const { url } = stack.use(await startPostgres(program.path, ["shared_buffers=128MB"]));
    return ["dbos-workflows.mjs", folder, url];
  };
  return libraryPeer("dbos", open);
}

/** Opens a peer that is a library. The program with its worker is also its caller, and measures on request. */
async function libraryPeer(
  name: string,
  open: (stack: AsyncDisposableStack) => Promise<readonly string[]>,
): Promise<Peer> {
  const stack = new AsyncDisposableStack();
  try {
    const { value: program, roots } = await started(async () => {
      const [file = "", ...parameters] = await open(stack);
      const path = fileURLToPath(new URL(`../../processes/${file}`, import.meta.url));
      return stack.use(await startConversation<object, Counted, object>([path, ...parameters]));
    });
    return {
      name,
      measure: ({ shape, ...question }) =>
        accounted(roots, () => program.request({ ...question, shape: shape.name })),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

function calledFromHere(name: string, load: ClusterLoad, roots: readonly number[]): Opponent {
  return {
    name,
    measure: ({ shape, concurrency, seconds }) =>
      accounted(
        roots,
        () => closedLoop({ call: () => load.run(shape), concurrency }, seconds),
        process.cpuUsage,
      ),
  };
}

interface Counted {
  readonly itemsPerSec: number;
  readonly p50Ms: number;
}

/** Adds the processor time of the processes, and of this process if it is the caller. */
async function accounted(
  roots: readonly number[],
  measure: () => Promise<Counted>,
  own: typeof process.cpuUsage = () => ({ user: 0, system: 0 }),
): Promise<Measurement> {
  const before = treeCpuMs(roots);
  const ownBefore = own();
  const startMs = performance.now();
  const { itemsPerSec, p50Ms } = await measure();
  const tookSec = (performance.now() - startMs) / 1_000;
  const { user, system } = own();
  const usedUs = (treeCpuMs(roots) - before) * 1_000 + (user - ownBefore.user) + (system - ownBefore.system);
  return { tasksPerSec: itemsPerSec, p50Ms, cpuUsPerTask: usedUs / (itemsPerSec * tookSec) };
}
