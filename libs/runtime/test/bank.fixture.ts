/** The bank on a runtime in memory: a journal and an archive that outlive it, and time that a test moves. */
import type { SentLetter } from "@tutti/contracts/runtime/v1";
import { ActorKind, type Cause } from "@tutti/contracts/types/v1";
import {
  type ArchiveOperation,
  MemoryArchive,
  type MemoryArchiveFault,
  MemoryArchiveStore,
  type MemoryFault,
  MemoryJournal,
  type MemoryJournalOptions,
  MemoryStore,
} from "@tutti/journal";
import { type Command, type InstanceKey, stableHash, TuttiError } from "@tutti/kernel";
import { type RecordingLogger, recordingLogger, seededChance, VirtualTime } from "@tutti/kernel/testing";
import { account, balance, open } from "@tutti/machine-bank";
import {
  type DueEffect,
  type EffectToken,
  type JournalSource,
  type Outcome,
  Runtime,
  type RuntimeLimits,
  type RuntimeOptions,
  runtimeLimits,
} from "../src/index.ts";

export const partitions = 4;

export const tester: Cause = {
  actor: { kind: ActorKind.ACTOR_KIND_PERSON, id: "tester" },
  traceparent: "",
  decision: "",
  reason: "",
};

export function accountKey(id: string): InstanceKey {
  return { namespace: "default", kind: "account", id };
}

export function partitionOf(id: string): number {
  return stableHash("default", "account", id) % partitions;
}

/** Ids of accounts in one partition, so that the test controls which accounts share one. */
export function idsIn(partition: number, count: number): string[] {
  const ids: string[] = [];
  for (let number = 0; ids.length < count; number++) {
    if (partitionOf(`a${number}`) === partition) ids.push(`a${number}`);
  }
  return ids;
}

/** Maximum number of moments until an answer. */
const momentsMax = 3_000;

/** Virtual time that does not wait for ever: partitions always have a next tick. */
class PatientTime extends VirtualTime {
  override async settle<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const mark = (): void => {
      isSettled = true;
    };
    promise.then(mark, mark);
    await this.flush();
    const startMs = this.monotonic();
    for (let moments = 0; !isSettled; moments++) {
      const { nextDueMs } = this;
      if (nextDueMs === undefined || moments === momentsMax) {
        throw new Error(`nothing was answered within ${this.monotonic() - startMs} ms`);
      }
      await this.advanceAsync(Math.max(0, nextDueMs - this.monotonic()));
    }
    return promise;
  }
}

/** Messages that a partition has sent and that are not confirmed. */
export function unconfirmedMessages(runtime: Runtime, partition: number): readonly SentLetter[] {
  return [...(runtime.inspect(partition)?.outbox.channels ?? [])].flatMap(({ messages }) => messages);
}

/** Holds commits of a journal back until they are let through, and makes the next ones fail. */
export class CommitGate {
  readonly #waiting: (() => void)[] = [];
  readonly #faults: MemoryFault[] = [];
  #isHolding = false;

  readonly schedule = (run: () => void): void => {
    if (this.#isHolding) this.#waiting.push(run);
    else queueMicrotask(run);
  };

  readonly fault = (): MemoryFault | undefined => this.#faults.shift();

  get waiting(): number {
    return this.#waiting.length;
  }

  hold(): void {
    this.#isHolding = true;
  }

  /** Lets the waiting commits through. Later ones are still held. */
  releaseWaiting(): void {
    for (const run of this.#waiting.splice(0)) run();
  }

  open(): void {
    this.#isHolding = false;
    this.releaseWaiting();
  }

  /** Drops the waiting commits. */
  drop(): void {
    this.#waiting.length = 0;
    this.#isHolding = false;
  }

  /** Makes the next commits fail with these faults. */
  fail(...faults: MemoryFault[]): void {
    this.#faults.push(...faults);
  }
}

/** Returns an outcome as a word: `done`, `ignored`, or the code of a refusal. */
export function outcomeText(outcome: Outcome): string {
  return outcome.kind === "refused" ? outcome.refusal.code : outcome.kind;
}

/** Returns the code of the error with which a promise is rejected, or `done`. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "done";
  } catch (error) {
    if (error instanceof TuttiError) return error.code;
    throw error;
  }
}

export class Bank {
  readonly time: VirtualTime;
  readonly store = new MemoryStore();
  readonly archiveStore = new MemoryArchiveStore();
  readonly commits = new CommitGate();
  readonly dispatched: DueEffect[] = [];
  readonly withdrawn: EffectToken[] = [];
  readonly released: EffectToken[] = [];
  readonly lost: number[] = [];
  readonly logger: RecordingLogger = recordingLogger();
  readonly #limits: Partial<RuntimeLimits>;
  readonly #overrides: Partial<RuntimeOptions>;
  #machines: RuntimeOptions["machines"] = [];
  /** Called before each operation of the archive. */
  archiveFault: ((operation: ArchiveOperation) => MemoryArchiveFault | undefined) | undefined;
  archivePass: ((operation: ArchiveOperation) => Promise<void>) | undefined;
  validUntilMs = Number.POSITIVE_INFINITY;
  /** The first batch that a reader still needs. */
  neededFrom = Number.POSITIVE_INFINITY;
  /** Counts the processes. Later writes of an earlier process are lost. */
  #processes = 0;
  journal!: MemoryJournal;
  archive!: MemoryArchive;
  runtime!: Runtime;

  constructor(
    limits: Partial<RuntimeLimits> = {},
    overrides: Partial<RuntimeOptions> = {},
    time: VirtualTime = new PatientTime(),
  ) {
    this.#limits = limits;
    this.#overrides = overrides;
    this.time = time;
  }

  /** Starts a new process on the durable data. */
  async start(
    options: Partial<MemoryJournalOptions> = {},
    overrides: Partial<RuntimeOptions> = {},
  ): Promise<void> {
    this.create(options, overrides);
    await this.time.settle(this.runtime.start());
  }

  /** Creates a new process that owns nothing yet. */
  create(options: Partial<MemoryJournalOptions> = {}, overrides: Partial<RuntimeOptions> = {}): void {
    const services = [{ service: "bank", partitions }];
    const process = this.#processes;
    const { fault } = this.commits;
    const schedule = (run: () => void): void => {
      if (process === this.#processes) this.commits.schedule(run);
    };
    const openJournal = (): MemoryJournal =>
      new MemoryJournal({ services, store: this.store, schedule, fault, ...options });
    this.journal = openJournal();
    const journals: JournalSource & { journal: MemoryJournal } = {
      journal: this.journal,
      neededFrom: () => this.neededFrom,
      renew: async (broken) => {
        if (journals.journal !== broken) return journals.journal;
        this.journal = openJournal();
        journals.journal = this.journal;
        return this.journal;
      },
    };
    this.archive = new MemoryArchive({
      partitions,
      clock: this.time,
      store: this.archiveStore,
      source: (partition) => this.journal.partition("bank", partition),
      fault: (operation) => this.archiveFault?.(operation),
      pass: async (operation) => this.archivePass?.(operation),
    });
    this.#machines = overrides.machines ?? this.#overrides.machines ?? [account];
    this.runtime = new Runtime({
      service: "bank",
      machines: [account],
      partitions,
      journals,
      archive: this.archive,
      delivery: { deliver: () => Promise.reject(new Error("everything is here")) },
      leaseTerm: { validUntilMs: () => this.validUntilMs, lost: (partition) => this.lost.push(partition) },
      effects: {
        dispatch: (effects) => this.dispatched.push(...effects),
        withdraw: (tokens) => this.withdrawn.push(...tokens),
        release: (tokens) => this.released.push(...tokens),
      },
      partitionsOf: () => partitions,
      clock: this.time,
      timers: this.time,
      chance: seededChance(1),
      defer: (run) => queueMicrotask(run),
      logger: this.logger,
      limits: { ...runtimeLimits, ...this.#limits },
      retentionOf: () => ({ keepMs: 3_600_000, idKeptMs: 3_600_000 }),
      ...this.#overrides,
      ...overrides,
    });
  }

  /** Leaves only durable data, like a killed process. */
  crash(): void {
    this.#processes++;
    this.commits.drop();
    this.archive.crash();
    void this.runtime.stop();
  }

  /** Starts a command. The test moves time. */
  submit<Body, Reply>(
    id: string,
    // biome-ignore lint/suspicious/noExplicitAny: commands of any machine
    command: Command<any, Body, Reply>,
    body: Body,
    idempotencyKey = "",
  ): Promise<Reply> {
    const key = accountKey(id);
    const promise = this.runtime.execute({
      key,
      command: this.#ours(command),
      body,
      cause: tester,
      idempotencyKey,
    });
    promise.catch(() => undefined);
    return promise;
  }

  execute<Body, Reply>(
    id: string,
    // biome-ignore lint/suspicious/noExplicitAny: commands of any machine
    command: Command<any, Body, Reply>,
    body: Body,
    idempotencyKey = "",
  ): Promise<Reply> {
    return this.time.settle(this.submit(id, command, body, idempotencyKey));
  }

  /** Submits the result of an effect. Returns its outcome. */
  async settle<Body>(
    token: EffectToken,
    // biome-ignore lint/suspicious/noExplicitAny: commands of any machine
    command: Command<any, Body>,
    body: Body,
    key?: InstanceKey,
  ): Promise<string> {
    const answered = new Promise<Outcome>((answer) => {
      const ours = this.#ours(command);
      this.runtime.submit({
        key,
        command: ours,
        body,
        cause: tester,
        idempotencyKey: "",
        token,
        reply: answer,
      });
    });
    return outcomeText(await this.time.settle(answered));
  }

  async open(id: string, balanceCents: number): Promise<void> {
    await this.execute(id, open, { owner: id, product: "", balanceCents });
  }

  queryBalance(id: string): Promise<{ readonly balanceCents: number; readonly heldCents: number }> {
    const answer = this.runtime.query({ key: accountKey(id), query: balance, body: undefined });
    answer.catch(() => undefined);
    return answer;
  }

  async balanceOf(id: string): Promise<number> {
    return (await this.time.settle(this.queryBalance(id))).balanceCents;
  }

  /** Returns the code of the refusal that a command gets, or `done`. */
  codeOf(promise: Promise<unknown>): Promise<string> {
    return codeOf(this.time.settle(promise));
  }

  isLoaded(id: string): boolean {
    return this.memoryOf(id)?.instances.get(`default/account/${id}`) !== undefined;
  }

  memoryOf(id: string) {
    return this.runtime.inspect(partitionOf(id));
  }

  /** Returns the command from the table of the hosted machine, which a test may have replaced. */
  // biome-ignore lint/suspicious/noExplicitAny: commands of any machine
  #ours<C extends Command<any>>(command: C): C {
    const [machine] = this.#machines;
    return (machine?.commands.find(({ type }) => type === command.type) ?? command) as C;
  }

  /** Returns the last batch of a partition in the journal. */
  head(partition: number): number {
    return this.journal.partition("bank", partition).last.number;
  }
}
