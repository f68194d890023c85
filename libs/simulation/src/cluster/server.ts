/**
 * A process that hosts the machine of the load: the real runtime on its storage, and its entry points for the
 * network. All inputs and outputs pass here, and outputs are checked.
 */

import { RepairAction } from "@tutti/contracts/runtime/v1";
import type { Cause } from "@tutti/contracts/types/v1";
import type { Archive, HistoryRecord } from "@tutti/journal";
import { type EnvelopeBatch, isTuttiError, type Refusal } from "@tutti/kernel";
import {
  type EffectToken,
  type LeaseTerm,
  type Outcome,
  PurgeHorizon,
  type Runtime,
  type Submission,
} from "@tutti/runtime";
import { causeOf } from "../checks/chronicle.ts";
import type { CountedAnswer } from "../counted/counted.ts";
import { type AnyCommand, type AnyQuery, projectionQuery } from "../counted/counting.ts";
import { type EffectHandler, machineOf, type Operation, type Result } from "../load/load.ts";
import { never } from "../storage/observed-journal.ts";
import type { OpenedStorage } from "../storage/storage.ts";
import { type CrashKind, Life } from "../world/process.ts";
import type { World } from "../world/world.ts";
import { MeshCalls } from "./calls.ts";
import type { Member } from "./coordinator.ts";
import { EffectJobs } from "./effect-jobs.ts";
import { PartitionOwnership } from "./partition-ownership.ts";
import { processLog } from "./process-log.ts";
import type { InboxReceiver, ServerParts } from "./server-parts.ts";
import { createRuntime } from "./server-runtime.ts";

/** Receives the outcome of a command or question. */
export type Answered = (outcome: Outcome) => void;

/** Maximum pause before a process starts again. */
const restartMs = 1_500;

interface Running {
  readonly life: Life;
  readonly jobs: EffectJobs;
  readonly storage: OpenedStorage;
  readonly runtime: Runtime;
  readonly partitionOwnership: PartitionOwnership | undefined;
  readonly handler: EffectHandler | undefined;
}

export class Server implements Member, InboxReceiver {
  readonly name: string;
  readonly index: number;
  readonly #parts: ServerParts;
  readonly #commands: ReadonlyMap<string, ReadonlyMap<string, AnyCommand>>;
  readonly #leaseUntilMs = new Map<number, number>();
  readonly #owned = new Set<number>();
  #life: Life | undefined;
  #lives = 0;
  #running: Running | undefined;
  #wallClockOffsetMs = 0;
  #isFaultFree = false;

  constructor(parts: ServerParts, index: number) {
    this.#parts = parts;
    this.index = index;
    this.name = `process-${index}`;
    this.#commands = new Map(
      [parts.machine, ...parts.others].map(({ kind, commands }) => [
        kind,
        new Map(commands.map((command) => [command.type, command])),
      ]),
    );
  }

  get life(): Life | undefined {
    return this.#life;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  get lifeNumber(): number {
    return this.#running?.life.number ?? 0;
  }

  get localMs(): number {
    return this.#life?.localMs ?? this.#parts.world.elapsedMs;
  }

  start(): void {
    const { world, storage } = this.#parts;
    if (this.#life !== undefined) return;
    const life = new Life(world, this.name, ++this.#lives, this.#wallClockOffsetMs, (kind) =>
      this.#died(life, kind),
    );
    this.#life = life;
    world.trace(this.name, () => `starts, life ${life.number}`);
    storage.open(life).then(
      (opened) => {
        if (life.isAlive) this.#run(life, opened);
      },
      (error: unknown) => {
        world.trace(this.name, () => `cannot start: ${String(error)}`);
        life.die("process");
      },
    );
  }

  setWallClock(byMs: number): void {
    this.#wallClockOffsetMs += byMs;
    this.#life?.setWallClock(this.#wallClockOffsetMs);
  }

  settleDown(): void {
    this.#isFaultFree = true;
    this.#life?.settleDown();
  }

  /** Ends gracefully. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    const { life, runtime, storage, handler } = running;
    await new Promise<void>((resolve) => {
      life.schedule(0, resolve);
    });
    this.#parts.world.trace(this.name, () => "ends gracefully");
    await handler?.stop();
    await running.partitionOwnership?.stop();
    await runtime.stop();
    await storage.close();
    life.exit();
    this.#running = undefined;
    this.#life = undefined;
    this.#owned.clear();
  }

  // Requests of the coordinator.

  owned(): readonly number[] {
    return this.#running?.partitionOwnership?.owned ?? [...this.#owned];
  }

  /** Returns the owner of a partition, as far as its partition owner knows. */
  knownOwner(partition: number): string | undefined {
    return this.#running?.partitionOwnership?.ownerOf(partition);
  }

  own(partition: number, epoch: number): void {
    const running = this.#running;
    if (running === undefined) return;
    running.life.schedule(0, () => {
      running.runtime.own(partition, epoch).then(
        () => this.#owned.add(partition),
        (error: unknown) =>
          this.#parts.world.trace(this.name, () => `cannot own partition ${partition}: ${String(error)}`),
      );
    });
  }

  disown(partition: number, done: () => void): void {
    const running = this.#running;
    if (running === undefined) return;
    running.life.schedule(0, () => {
      running.runtime.disown(partition).then(
        () => {
          this.#owned.delete(partition);
          running.life.emit(0, done);
        },
        (error: unknown) =>
          this.#parts.world.trace(this.name, () => `cannot disown partition ${partition}: ${String(error)}`),
      );
    });
  }

  leaseUntil(partitions: readonly number[], localMs: number): void {
    for (const partition of partitions) this.#leaseUntilMs.set(partition, localMs);
  }

  schedule(delayMs: number, run: () => void): void {
    this.#running?.life.schedule(delayMs, run);
  }

  // Messages from the network.

  /** Receives an operation of a client. */
  operate(operation: Operation, answered: Answered): void {
    const running = this.#running;
    if (running === undefined) return;
    running.life.schedule(0, () => {
      if (operation.command === "balance") this.#query(running, operation, answered);
      else this.#submit(running, operation, answered);
    });
  }

  /** Receives the result of an effect. */
  settle(token: EffectToken, { command, body, kind, isInterim = false }: Result, answered: Answered): void {
    const running = this.#running;
    if (running === undefined) return;
    const found = this.#commandOf(kind ?? this.#parts.machine.kind, command);
    running.life.schedule(0, () => {
      running.runtime.submit({
        key: undefined,
        command: found,
        body,
        cause: { actor: undefined, traceparent: "", decision: "printer", reason: "" },
        idempotencyKey: "",
        token,
        reply: (outcome) => {
          if (!running.life.cross()) return;
          if (outcome.kind !== "refused" && !isInterim) running.jobs.remove(token);
          running.life.emit(0, () => answered(outcome));
        },
      });
    });
  }

  /** Receives messages. */
  receive(partition: number, batch: EnvelopeBatch, accepted: (upTo: number) => void): void {
    const running = this.#running;
    if (running === undefined) return;
    running.life.schedule(0, () => {
      running.runtime.receive(partition, batch).then(
        (upTo) => {
          if (running.life.cross()) running.life.emit(0, () => accepted(upTo));
        },
        (error: unknown) => this.#parts.world.trace(this.name, () => `takes no letters: ${String(error)}`),
      );
    });
  }

  serve(serve: (runtime: Runtime) => Promise<unknown>, answered: (answer: Promise<unknown>) => void): void {
    const running = this.#running;
    if (running === undefined) return;
    const { life, runtime } = running;
    life.schedule(0, () => {
      const answer = serve(runtime);
      const settled = (): void => {
        if (life.cross()) life.emit(0, () => answered(answer));
      };
      answer.then(settled, settled);
    });
  }

  /** Returns the local state of an account. */
  projection(account: string): Promise<CountedAnswer> {
    const running = this.#running;
    const key = this.#parts.load.keyOf(account);
    if (running === undefined) return never();
    const query = this.#queryOf(key.kind, projectionQuery);
    return running.runtime.query({ key, query, body: undefined }) as Promise<CountedAnswer>;
  }

  history(account: string, afterEvent: number, limit: number): Promise<readonly HistoryRecord[]> {
    return this.#running?.runtime.history(this.#parts.load.keyOf(account), afterEvent, limit) ?? never();
  }

  async stateAt(account: string, event: number): Promise<{ readonly projection: unknown }> {
    return this.#running?.runtime.stateAt(this.#parts.load.keyOf(account), event) ?? never();
  }

  /** Number of accounts that are quarantined here. */
  get quarantined(): number {
    return this.#running?.runtime.quarantined().length ?? 0;
  }

  isReady(): boolean {
    return this.#running?.runtime.partitionStatuses().every(({ state }) => state === "running") ?? false;
  }

  #commandOf(kind: string, type: string): AnyCommand {
    const found = this.#commands.get(kind)?.get(type);
    if (found === undefined) throw new Error(`the machine of ${kind} has no command ${type}`);
    return found;
  }

  #queryOf(kind: string, type: string): AnyQuery {
    const found = machineOf(this.#parts, kind).queries.find((query) => query.type === type);
    if (found === undefined) throw new Error(`the machine of ${kind} has no question ${type}`);
    return found;
  }

  #submit(
    { runtime, life }: Running,
    { number, account, command, body }: Operation,
    answered: Answered,
  ): void {
    const key = this.#parts.load.keyOf(account);
    const found = this.#commandOf(key.kind, command);
    const submission: Submission = {
      key,
      command: found,
      body,
      cause: causeOf(number),
      idempotencyKey: `operation-${number}`,
      token: undefined,
      reply: this.#answering(life, number, answered),
    };
    this.#parts.early?.expect(body, submission.reply);
    runtime.submit(this.#parts.weakening.submission?.(submission) ?? submission);
  }

  #query({ runtime, life }: Running, { number, account }: Operation, answered: Answered): void {
    const { machine, early } = this.#parts;
    const query = machine.queries.find(({ type }) => type === "balance");
    if (query === undefined) throw new Error("the bank has no question for the balance");
    const body = { operation: number };
    const answer = this.#answering(life, number, answered);
    early?.expect(body, answer);
    runtime.query({ key: this.#parts.load.keyOf(account), query, body }).then(
      (reply) => answer({ kind: "done", reply }),
      (error: unknown) => answer({ kind: "refused", refusal: refusalOf(error) }),
    );
  }

  /** Returns the receiver of one answer: it checks and passes it once, unless the process is dead. */
  #answering(life: Life, number: number, answered: Answered): Answered {
    const { load, world, early } = this.#parts;
    let isAnswered = false;
    return (outcome) => {
      if (!life.cross()) return;
      if (isAnswered) {
        if (early === undefined) world.fail("answers", `operation ${number} is answered a second time`);
        return;
      }
      isAnswered = true;
      if (outcome.kind === "done") load.answeredBy(number, outcome.reply);
      else if (outcome.kind === "refused") load.refusedBy(number, outcome.refusal);
      life.emit(0, () => answered(outcome));
    };
  }

  #run(life: Life, storage: OpenedStorage): void {
    const { world } = this.#parts;
    this.#leaseUntilMs.clear();
    this.#owned.clear();
    const { network, print, chronicle } = this.#parts;
    const jobs = new EffectJobs(life, (due) =>
      network.send(this.name, "printer", life.localMs, "an effect", () => print(due)),
    );
    const partitionOwnership = this.#createPartitionOwnership(life);
    const handler = this.#parts.load.doerOf?.({
      name: this.name,
      life,
      commandOf: (kind, type) => this.#commandOf(kind, type),
      queryOf: (kind, type) => this.#queryOf(kind, type),
      sealedMs: (partition) =>
        chronicle.partition(partition).sealedMs.get(`${this.name}#${life.number}`) ?? world.elapsedMs,
      calls: new MeshCalls(this.#parts, this.name, life),
    });
    const runtime = createRuntime(this.#parts, this.name, life, {
      storage,
      jobs,
      handler,
      leaseTerm: partitionOwnership?.leaseTerm ?? this.#leaseTerm(life),
    });
    this.#running = { life, storage, runtime, jobs, partitionOwnership, handler };
    handler?.start(runtime);
    if (this.#isFaultFree) life.settleDown();
    purgePeriodically(this.#parts.plan.limits.purgeEveryMs, life, storage.archive, runtime);
    repairPeriodically(world, this.name, life, runtime);
    world.trace(this.name, () => "is up");
    if (partitionOwnership === undefined) this.#parts.started(this.index);
    else partitionOwnership.start(runtime);
  }

  #createPartitionOwnership(life: Life): PartitionOwnership | undefined {
    const { world, network, ownershipKeys: keys, plan, load } = this.#parts;
    if (keys === undefined) return undefined;
    const { partitions } = plan;
    const logger = processLog(world, this.name);
    return new PartitionOwnership({ world, network, life, keys, service: load.service, partitions, logger });
  }

  /** Returns the lease term by the leases of the coordinator. */
  #leaseTerm(life: Life): LeaseTerm {
    const { world, isClustered } = this.#parts;
    return {
      validUntilMs: (partition) =>
        isClustered
          ? (this.#leaseUntilMs.get(partition) ?? Number.NEGATIVE_INFINITY)
          : Number.POSITIVE_INFINITY,
      lost: (partition) => {
        if (!life.cross()) return;
        world.trace(this.name, () => `has lost partition ${partition}`);
        this.#owned.delete(partition);
      },
    };
  }

  #died(life: Life, kind: CrashKind): void {
    const { world, storage } = this.#parts;
    const handler = this.#running?.handler;
    this.#running = undefined;
    this.#owned.clear();
    // It may have died during its work: the consequences of its death come after that.
    world.after(0, () => {
      storage.died(life, kind);
      handler?.died();
      world.after(this.#isFaultFree ? 10 : world.drawDelay(restartMs), () => {
        this.#life = undefined;
        this.start();
      });
    });
  }
}

/** Returns an error as a refusal. */
function refusalOf(error: unknown): Refusal {
  if (!isTuttiError(error)) throw error;
  const { code, status, message, retry, retryAfterMs, violations, details } = error;
  return { refused: true, code, status, message, retry, retryAfterMs, violations, details };
}

/** The background work of a process, as long as it lives. */

const repairMs = 900;

/** Simulates an operator: resumes quarantined instances from time to time, without the failed command. */
function repairPeriodically(world: World, name: string, life: Life, runtime: Runtime): void {
  const cause: Cause = { actor: undefined, traceparent: "", decision: "operator", reason: "skip it" };
  for (const { key } of runtime.quarantined()) {
    world.trace(name, () => `repairs ${key.id}`);
    runtime
      .repair({ key, action: RepairAction.REPAIR_ACTION_SKIP, event: 0, cause })
      .catch((error: unknown) => {
        world.trace(name, () => `cannot repair ${key.id}: ${String(error)}`);
      });
  }
  life.schedule(repairMs, () => repairPeriodically(world, name, life, runtime));
}

/** Short, because retention in a plan is short too. */
const steadyMs = 300;

/** Purges expired data periodically. */
function purgePeriodically(purgeEveryMs: number, life: Life, archive: Archive, runtime: Runtime): void {
  const horizon = new PurgeHorizon(steadyMs);
  const purge = (): void => {
    const untilMs = horizon.until(runtime.partitionStatuses(), life.now());
    const purged = untilMs === undefined ? Promise.resolve(false) : archive.purge(untilMs);
    purged.then(
      (hasMore) => life.schedule(hasMore ? 1 : purgeEveryMs, purge),
      () => life.schedule(purgeEveryMs, purge),
    );
  };
  purge();
}
