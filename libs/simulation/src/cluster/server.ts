/**
 * A process that hosts the bank: the real runtime on its storage, and the doors through which the network reaches it. All
 * that goes in or out passes here, and is checked on its way out.
 */
import { RepairAction } from "@tutti/contracts/runtime/v1";
import type { Cause } from "@tutti/contracts/types/v1";
import type { Archive, HistoryRecord } from "@tutti/journal";
import {
  type Delivery,
  isTuttiError,
  type LetterBatch,
  type Logger,
  type Place,
  type Refusal,
  silentLogger,
} from "@tutti/kernel";
import {
  type DueEffect,
  type EffectToken,
  type Outcome,
  Runtime,
  type RuntimeLimits,
  runtimeLimits,
  type Submission,
  type Tenure,
} from "@tutti/runtime";
import type { SharedKeys } from "@tutti/runtime/ownership";
import { accountKey, service } from "../bank/accounts.ts";
import type { BankCheck } from "../bank/bank-check.ts";
import { type Chronicle, causeOf } from "../checks/chronicle.ts";
import type { LetterCheck } from "../checks/letters.ts";
import type { Network } from "../network/network.ts";
import type { BankOperation, Plan } from "../plan/plan.ts";
import { never } from "../storage/observed-journal.ts";
import type { OpenedStorage, Storage } from "../storage/storage.ts";
import type { EarlyAnswers } from "../weakenings/early-answers.ts";
import type { Weakening } from "../weakenings/weakening.ts";
import { type AnyCommand, type AnyMachine, projectionQuery } from "../witness/witness.ts";
import type { WitnessedAnswer, WitnessedEffect } from "../witness/witnessed.ts";
import { type CrashKind, Life } from "../world/process.ts";
import type { World } from "../world/world.ts";
import type { Member } from "./coordinator.ts";
import { Errands } from "./errands.ts";
import { tokenText } from "./printer.ts";
import { Stewardship } from "./stewardship.ts";

/** What the servers of a run share. */
export interface ServerParts {
  readonly world: World;
  readonly plan: Plan;
  readonly network: Network;
  readonly chronicle: Chronicle;
  readonly letters: LetterCheck;
  readonly bank: BankCheck;
  readonly storage: Storage;
  readonly machine: AnyMachine;
  readonly isClustered: boolean;
  /** Where stewards keep leases and the table of owners; undefined where the coordinator says who owns what. */
  readonly ownershipKeys: SharedKeys | undefined;
  /** Which server has a partition, as far as anybody knows. */
  ownerOf(partition: number): Server | undefined;
  /** A server has started and can be given partitions. */
  started(server: Server): void;
  print(token: EffectToken): void;
  readonly weakening: Weakening;
  /** Undefined unless answers are to be given too early. */
  readonly early: EarlyAnswers | undefined;
}

/** A command or question on its way in. */
export type Answered = (outcome: Outcome) => void;

/** A delivery without an answer is given up after this long. */
const deliveryMs = 2_000;
/** A process starts again after up to so long. */
const restartMs = 1_500;
const repairMs = 900;
/** What a turn of the event loop takes, at most. */
const turnMs = 0.05;

interface Running {
  readonly life: Life;
  readonly errands: Errands;
  readonly storage: OpenedStorage;
  readonly runtime: Runtime;
  readonly stewardship: Stewardship | undefined;
}

export class Server implements Member {
  readonly name: string;
  readonly index: number;
  readonly #parts: ServerParts;
  readonly #commands: ReadonlyMap<string, AnyCommand>;
  readonly #leaseUntilMs = new Map<number, number>();
  readonly #owned = new Set<number>();
  #life: Life | undefined;
  #lives = 0;
  #running: Running | undefined;
  #wallClockOffsetMs = 0;
  #isCalm = false;

  constructor(parts: ServerParts, index: number) {
    this.#parts = parts;
    this.index = index;
    this.name = `process-${index}`;
    this.#commands = new Map(parts.machine.commands.map((command) => [command.type, command]));
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
    const life = new Life(world, this.name, ++this.#lives, this.#wallClockOffsetMs, (how) =>
      this.#died(life, how),
    );
    this.#life = life;
    world.note(this.name, () => `starts, life ${life.number}`);
    storage.open(life).then(
      (opened) => {
        if (life.isAlive) this.#run(life, opened);
      },
      (error: unknown) => {
        world.note(this.name, () => `cannot start: ${String(error)}`);
        life.die("process");
      },
    );
  }

  setWallClock(byMs: number): void {
    this.#wallClockOffsetMs += byMs;
    this.#life?.setWallClock(this.#wallClockOffsetMs);
  }

  settleDown(): void {
    this.#isCalm = true;
    this.#life?.settleDown();
  }

  /** Ends in good order. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    const { life, runtime, storage } = running;
    await new Promise<void>((resolve) => {
      life.schedule(0, resolve);
    });
    this.#parts.world.note(this.name, () => "ends in good order");
    await running.stewardship?.stop();
    await runtime.stop();
    await storage.close();
    life.end();
    this.#running = undefined;
    this.#life = undefined;
    this.#owned.clear();
  }

  // What the coordinator asks of it.

  owned(): readonly number[] {
    return this.#running?.stewardship?.owned ?? [...this.#owned];
  }

  /** Who owns a partition, as far as its steward knows. */
  knownOwner(partition: number): string | undefined {
    return this.#running?.stewardship?.ownerOf(partition);
  }

  own(partition: number, epoch: number): void {
    const running = this.#running;
    if (running === undefined) return;
    running.life.schedule(0, () => {
      running.runtime.own(partition, epoch).then(
        () => this.#owned.add(partition),
        (error: unknown) =>
          this.#parts.world.note(this.name, () => `cannot own partition ${partition}: ${String(error)}`),
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
          this.#parts.world.note(this.name, () => `cannot disown partition ${partition}: ${String(error)}`),
      );
    });
  }

  leaseUntil(partitions: readonly number[], localMs: number): void {
    for (const partition of partitions) this.#leaseUntilMs.set(partition, localMs);
  }

  schedule(delayMs: number, run: () => void): void {
    this.#running?.life.schedule(delayMs, run);
  }

  // What comes in from the network.

  /** An operation of a client arrives. */
  operate(operation: BankOperation, answered: Answered): void {
    const running = this.#running;
    if (running === undefined) return;
    running.life.schedule(0, () => {
      if (operation.command === "balance") this.#ask(running, operation, answered);
      else this.#submit(running, operation, answered);
    });
  }

  /** The result of an effect arrives. */
  settle(token: EffectToken, command: string, body: object, answered: Answered): void {
    const running = this.#running;
    const found = this.#commands.get(command);
    if (running === undefined || found === undefined) return;
    running.life.schedule(0, () => {
      running.runtime.submit({
        key: undefined,
        command: found,
        body,
        cause: { actor: undefined, traceparent: "", decision: "printer", reason: "" },
        idempotencyKey: "",
        token,
        answer: (outcome) => {
          if (!running.life.cross()) return;
          if (outcome.kind !== "refused") running.errands.end(token);
          running.life.emit(0, () => answered(outcome));
        },
      });
    });
  }

  /** Letters arrive. */
  take(partition: number, batch: LetterBatch, taken: (upTo: number) => void): void {
    const running = this.#running;
    if (running === undefined) return;
    running.life.schedule(0, () => {
      running.runtime.take(partition, batch).then(
        (upTo) => {
          if (running.life.cross()) running.life.emit(0, () => taken(upTo));
        },
        (error: unknown) => this.#parts.world.note(this.name, () => `takes no letters: ${String(error)}`),
      );
    });
  }

  /** The state of an account as it stands here. */
  projection(account: string): Promise<WitnessedAnswer> {
    const running = this.#running;
    const query = this.#parts.machine.queries.find(({ type }) => type === projectionQuery);
    if (running === undefined || query === undefined) return never();
    return running.runtime.ask({
      key: accountKey(account),
      query,
      body: undefined,
    }) as Promise<WitnessedAnswer>;
  }

  history(account: string, afterEvent: number, limit: number): Promise<readonly HistoryRecord[]> {
    return this.#running?.runtime.history(accountKey(account), afterEvent, limit) ?? never();
  }

  async stateAt(account: string, event: number): Promise<{ readonly projection: unknown }> {
    return this.#running?.runtime.stateAt(accountKey(account), event) ?? never();
  }

  /** How many accounts are kept aside here. */
  get quarantined(): number {
    return this.#running?.runtime.quarantined().length ?? 0;
  }

  isReady(): boolean {
    return this.#running?.runtime.standings().every(({ state }) => state === "running") ?? false;
  }

  #submit(
    { runtime, life }: Running,
    { number, account, command, body }: BankOperation,
    answered: Answered,
  ): void {
    const found = this.#commands.get(command);
    if (found === undefined) throw new Error(`the bank has no command ${command}`);
    const submission: Submission = {
      key: accountKey(account),
      command: found,
      body,
      cause: causeOf(number),
      idempotencyKey: `operation-${number}`,
      token: undefined,
      answer: this.#answering(life, number, answered),
    };
    this.#parts.early?.expect(body, submission.answer);
    runtime.submit(this.#parts.weakening.submission?.(submission) ?? submission);
  }

  #ask({ runtime, life }: Running, { number, account }: BankOperation, answered: Answered): void {
    const { machine, early } = this.#parts;
    const query = machine.queries.find(({ type }) => type === "balance");
    if (query === undefined) throw new Error("the bank has no question for the balance");
    const body = { operation: number };
    const answer = this.#answering(life, number, answered);
    early?.expect(body, answer);
    runtime.ask({ key: accountKey(account), query, body }).then(
      (reply) => answer({ kind: "done", reply }),
      (error: unknown) => answer({ kind: "refused", refusal: refusalOf(error) }),
    );
  }

  /** How one submission is answered: once, with what is true, and not any more when the process is dead. */
  #answering(life: Life, number: number, answered: Answered): Answered {
    const { bank, world, early } = this.#parts;
    let isAnswered = false;
    return (outcome) => {
      if (!life.cross()) return;
      if (isAnswered) {
        if (early === undefined) world.fail("answers", `operation ${number} is answered a second time`);
        return;
      }
      isAnswered = true;
      if (outcome.kind === "done") bank.answeredBy(number, outcome.reply);
      else if (outcome.kind === "refused") bank.refusedBy(number, outcome.refusal);
      life.emit(0, () => answered(outcome));
    };
  }

  #run(life: Life, storage: OpenedStorage): void {
    const { world } = this.#parts;
    this.#leaseUntilMs.clear();
    this.#owned.clear();
    const { network, print } = this.#parts;
    const errands = new Errands(life, (token) =>
      network.send(this.name, "printer", life.localMs, "an effect", () => print(token)),
    );
    const stewardship = this.#makeStewardship(life);
    const runtime = this.#makeRuntime(life, storage, errands, stewardship?.tenure ?? this.#tenure(life));
    this.#running = { life, storage, runtime, errands, stewardship };
    if (this.#isCalm) life.settleDown();
    this.#purge(life, storage.archive);
    this.#repair(life, runtime);
    world.note(this.name, () => "is up");
    if (stewardship === undefined) this.#parts.started(this);
    else stewardship.start(runtime);
  }

  #makeStewardship(life: Life): Stewardship | undefined {
    const { world, network, ownershipKeys: keys, plan } = this.#parts;
    if (keys === undefined) return undefined;
    const { partitions } = plan;
    return new Stewardship({ world, network, life, keys, partitions, logger: this.#logger() });
  }

  /** By the coordinator's leases. */
  #tenure(life: Life): Tenure {
    const { world, isClustered } = this.#parts;
    return {
      validUntilMs: (partition) =>
        isClustered
          ? (this.#leaseUntilMs.get(partition) ?? Number.NEGATIVE_INFINITY)
          : Number.POSITIVE_INFINITY,
      lost: (partition) => {
        if (!life.cross()) return;
        world.note(this.name, () => `has lost partition ${partition}`);
        this.#owned.delete(partition);
      },
    };
  }

  /** Somebody looks now and then whether anything is kept aside, and lets it go on without what it failed on. */
  #repair(life: Life, runtime: Runtime): void {
    const cause: Cause = { actor: undefined, traceparent: "", decision: "operator", reason: "skip it" };
    for (const { key } of runtime.quarantined()) {
      this.#parts.world.note(this.name, () => `repairs ${key.id}`);
      runtime
        .repair({ key, action: RepairAction.REPAIR_ACTION_SKIP, event: 0, cause })
        .catch((error: unknown) => {
          this.#parts.world.note(this.name, () => `cannot repair ${key.id}: ${String(error)}`);
        });
    }
    life.schedule(repairMs, () => this.#repair(life, runtime));
  }

  /** What is no longer to be kept goes, again and again. */
  #purge(life: Life, archive: Archive): void {
    const again = (delayMs: number): void => {
      life.schedule(delayMs, () => this.#purge(life, archive));
    };
    const { purgeEveryMs } = this.#parts.plan.limits;
    archive.purge(life.now()).then(
      (hasMore) => again(hasMore ? 1 : purgeEveryMs),
      () => again(purgeEveryMs),
    );
  }

  #makeRuntime(life: Life, { journals, archive }: OpenedStorage, errands: Errands, tenure: Tenure): Runtime {
    const { world, plan, machine } = this.#parts;
    const limits = limitsOf(plan);
    const turns = world.chanceFor(`turns of ${this.name} ${life.number}`);
    return new Runtime({
      service,
      machines: [machine],
      partitions: plan.partitions,
      journals,
      archive,
      delivery: this.#delivery(life),
      tenure,
      effects: {
        dispatch: (effects) => {
          if (life.cross()) for (const effect of effects) this.#dispatch(errands, effect);
        },
        withdraw(tokens) {
          for (const token of tokens) errands.end(token);
        },
      },
      partitionsOf: () => plan.partitions,
      clock: life,
      timers: life,
      chance: world.chanceFor(`runtime of ${this.name} ${life.number}`),
      defer: (run) => {
        life.schedule(turns.random() * turnMs, run);
      },
      logger: this.#logger(),
      limits,
      retentionOf: () => ({ keepMs: plan.limits.keepMs, idKeptMs: plan.limits.idKeptMs }),
    });
  }

  #dispatch(errands: Errands, { key, token, effect }: DueEffect): void {
    const { events, digest } = effect as WitnessedEffect;
    this.#parts.chronicle.restsOn(() => tokenText(token), key, { events, digest });
    errands.begin(token);
  }

  #delivery(life: Life): Delivery {
    const { network, letters, world, ownerOf } = this.#parts;
    return {
      deliver: (place, batch, signal) => {
        if (!life.cross()) return never();
        const partition = partitionOfPlace(place);
        letters.left(batch, partition);
        return new Promise((resolve, reject) => {
          const timer = life.schedule(deliveryMs, () => reject(new Error("no answer to a delivery")));
          signal.addEventListener("abort", () => {
            timer.cancel();
            reject(signal.reason);
          });
          const receiver = ownerOf(partition);
          if (receiver === undefined) return;
          network.send(this.name, receiver.name, life.localMs, "letters", () =>
            receiver.take(partition, batch, (upTo) =>
              network.send(receiver.name, this.name, world.elapsedMs, "a confirmation", () => {
                life.schedule(0, () => {
                  timer.cancel();
                  resolve(upTo);
                });
              }),
            ),
          );
        });
      },
    };
  }

  #died(life: Life, how: CrashKind): void {
    const { world, storage } = this.#parts;
    this.#running = undefined;
    this.#owned.clear();
    // It may have died in the middle of what it did: what follows from its death comes after that.
    world.after(0, () => {
      storage.died(life, how);
      world.after(this.#isCalm ? 10 : world.drawDelay(restartMs), () => {
        this.#life = undefined;
        this.start();
      });
    });
  }

  #logger(): Logger {
    const { world } = this.#parts;
    const write = (level: string) => (message: string, fields?: object) =>
      world.note(this.name, () => `${level}: ${message} ${shown(fields)}`);
    return {
      ...silentLogger,
      info: write("info"),
      warn: write("warn"),
      error: write("error"),
      fatal: write("fatal"),
      child: () => this.#logger(),
    };
  }
}

function shown(fields: object | undefined): string {
  return JSON.stringify(fields ?? {}, (_, value: unknown) =>
    value instanceof Error
      ? (value.stack ?? String(value))
      : typeof value === "bigint"
        ? String(value)
        : value,
  );
}

function limitsOf({ limits }: Plan): RuntimeLimits {
  const { loadedMax, idleMs, tailBytesMax, indexEveryMs, turnCommandsMax } = limits;
  const { inboxMax, batchBytesSoft, smallEvents } = limits;
  return {
    ...runtimeLimits,
    ...{ loadedMax, idleMs, tailBytesMax, indexEveryMs, turnCommandsMax },
    ...{ inboxMax, batchBytesSoft, smallEvents },
  };
}

function partitionOfPlace(place: Place): number {
  return Number(place.slice(place.lastIndexOf("/") + 1));
}

/** What an error says as a refusal. */
function refusalOf(error: unknown): Refusal {
  if (!isTuttiError(error)) throw error;
  const { code, status, message, retry, retryAfterMs, violations, details } = error;
  return { refused: true, code, status, message, retry, retryAfterMs, violations, details };
}
