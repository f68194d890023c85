/** The bank on a runtime in memory: a journal and an archive that outlive it, and time that a test moves. */
import { ActorKind, type Cause } from "@tutti/contracts/types/v1";
import {
  MemoryArchive,
  MemoryArchiveStore,
  MemoryJournal,
  type MemoryJournalOptions,
  MemoryStore,
} from "@tutti/journal";
import { type Command, type InstanceKey, type Letter, silentLogger } from "@tutti/kernel";
import { seededChance, VirtualTime } from "@tutti/kernel/testing";
import { account, balance, open } from "@tutti/machine-bank";
import {
  type DueEffect,
  type EffectToken,
  type JournalSource,
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

export class Bank {
  readonly time = new VirtualTime();
  readonly store = new MemoryStore();
  readonly archiveStore = new MemoryArchiveStore();
  readonly dispatched: DueEffect[] = [];
  readonly withdrawn: EffectToken[] = [];
  readonly #limits: Partial<RuntimeLimits>;
  readonly #overrides: Partial<RuntimeOptions>;
  journal!: MemoryJournal;
  archive!: MemoryArchive;
  runtime!: Runtime;

  constructor(limits: Partial<RuntimeLimits> = {}, overrides: Partial<RuntimeOptions> = {}) {
    this.#limits = limits;
    this.#overrides = overrides;
  }

  /** Begins as a new process does, with what is durable. */
  async start(options: Partial<MemoryJournalOptions> = {}): Promise<void> {
    const services = [{ service: "bank", partitions }];
    const openJournal = (): MemoryJournal => new MemoryJournal({ services, store: this.store, ...options });
    this.journal = openJournal();
    const journals: JournalSource & { journal: MemoryJournal } = {
      journal: this.journal,
      renew: async () => {
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
    });
    this.runtime = new Runtime({
      service: "bank",
      machines: [account],
      partitions,
      journals,
      archive: this.archive,
      delivery: { deliver: () => Promise.reject(new Error("everything is here")) },
      tenure: { validUntilMs: () => Number.POSITIVE_INFINITY, lost() {} },
      effects: {
        dispatch: (effects) => this.dispatched.push(...effects),
        withdraw: (tokens) => this.withdrawn.push(...tokens),
      },
      partitionsOf: () => partitions,
      clock: this.time,
      timers: this.time,
      chance: seededChance(1),
      defer: (run) => queueMicrotask(run),
      logger: silentLogger,
      limits: { ...runtimeLimits, ...this.#limits },
      retentionOf: () => ({ keepMs: 3_600_000, idKeptMs: 3_600_000 }),
      ...this.#overrides,
    });
    await this.time.settle(this.runtime.start());
  }

  /** What a killed process leaves: what is durable, and nothing else. */
  crash(): void {
    this.archive.crash();
    void this.runtime.stop();
  }

  do<Body, Reply>(
    id: string,
    // biome-ignore lint/suspicious/noExplicitAny: commands of any machine
    command: Command<any, Body, Reply>,
    body: Body,
    idempotencyKey = "",
  ): Promise<Reply> {
    const key = accountKey(id);
    return this.time.settle(this.runtime.execute({ key, command, body, cause: tester, idempotencyKey }));
  }

  async open(id: string, balanceCents: number): Promise<void> {
    await this.do(id, open, { owner: id, product: "", balanceCents });
  }

  async balanceOf(id: string): Promise<number> {
    const answer = this.runtime.ask({ key: accountKey(id), query: balance, body: undefined });
    return (await this.time.settle(answer)).balanceCents;
  }
}

export type { Letter };
