/** A cluster of processes with real NATS servers, and clients of them in the process of the test. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { GetHistoryRequest, runtimeService } from "@tutti/contracts/runtime/v1";
import { sleep, systemFoundation, systemTimers, TuttiError } from "@tutti/kernel";
import { LeasedOwnership, Mesh, type Client as MeshClient } from "@tutti/mesh";
import { note } from "@tutti/mesh/testing";
import type { NatsConnection } from "@tutti/nats";
import { connectionTo, type NatsServer, startNatsCluster, startNatsServer } from "@tutti/nats/testing";
import {
  LeasedPartitionOwner,
  type OwnershipStore,
  ownershipSettings,
  type StoreChange,
} from "@tutti/runtime/ownership";
import { NatsOwnershipStore } from "@tutti/runtime/ownership/nats";
import { type BankMessage, bankContract, partitions } from "./bank.fixture.ts";

const program = fileURLToPath(new URL("./programs/bank.ts", import.meta.url));
const logger = {
  ...{ trace() {}, debug() {}, info() {}, warn() {}, error() {}, fatal() {} },
  child: () => logger,
  enabled: () => false,
};

export interface BankProcess {
  readonly child: ChildProcess;
  readonly address: string;
  readonly processId: string;
}

/** A store that reports changes late: the view of a process that lags behind. */
class LateStore implements OwnershipStore {
  readonly #store: OwnershipStore;
  readonly #lateMs: number;

  constructor(store: OwnershipStore, lateMs: number) {
    this.#store = store;
    this.#lateMs = lateMs;
  }

  read(key: string) {
    return this.#store.read(key);
  }
  change(key: string, value: Uint8Array, revision: number) {
    return this.#store.change(key, value, revision);
  }
  renew(key: string, value: Uint8Array, revision: number) {
    return this.#store.renew(key, value, revision);
  }
  refresh() {
    this.#store.refresh();
  }
  remove(key: string, revision: number) {
    return this.#store.remove(key, revision);
  }
  tidy() {
    return this.#store.tidy();
  }
  onReconnect(listener: () => void) {
    return this.#store.onReconnect(listener);
  }
  async *watch(signal: AbortSignal): AsyncGenerator<StoreChange, void> {
    const changes: { readonly change: StoreChange; readonly atMs: number }[] = [];
    const reading = this.#read(signal, (change) => changes.push({ change, atMs: performance.now() }));
    // The present state comes at once, because every process knows it at its start.
    let isLate = false;
    while (!signal.aborted) {
      const next = changes.shift();
      if (next === undefined) await sleep(systemTimers, 5);
      else {
        if (isLate) await sleep(systemTimers, Math.max(0, next.atMs + this.#lateMs - performance.now()));
        isLate ||= next.change.kind === "caught-up";
        yield next.change;
      }
    }
    await reading;
  }

  async #read(signal: AbortSignal, onChange: (change: StoreChange) => void): Promise<void> {
    for await (const change of this.#store.watch(signal)) onChange(change);
  }
}

const { getHistory } = runtimeService.methods;
/** Called like a service with knowledge of the machines' partitions. */
const keyedRuntime = {
  ...runtimeService,
  methods: {
    getHistory: { ...getHistory, route: { kind: "account", idOf: ({ id }: GetHistoryRequest) => id } },
  },
};

/** An event in the history of an account. */
export interface RecordedEvent {
  readonly event: number;
  readonly type: string;
  readonly version: number;
}

async function historyOf(runtimes: MeshClient<typeof keyedRuntime>, id: string): Promise<RecordedEvent[]> {
  const history: RecordedEvent[] = [];
  for (;;) {
    const afterEvent = history.at(-1)?.event ?? 0;
    const request = GetHistoryRequest.fromPartial({ kind: "account", id, afterEvent, page: { size: 500 } });
    const { events } = await runtimes.getHistory(request);
    if (events.length === 0) return history;
    history.push(...events);
  }
}

/** A caller of the bank, with its own table of owners. */
export interface Client {
  readonly partitionOwner: LeasedPartitionOwner;
  readonly mesh: Mesh;
  deposit(account: string, call: string, cents: number, timeoutMs?: number): Promise<number>;
  transfer(from: string, to: string, call: string, cents: number): Promise<number>;
  balance(account: string, call: string): Promise<number>;
  open(account: string, call: string, cents?: number): Promise<void>;
  /** Returns the numbers of its events. */
  history(account: string): Promise<number[]>;
  events(account: string): Promise<readonly RecordedEvent[]>;
  close(): Promise<void>;
}

export interface ClusterOptions {
  /** Number of NATS servers. With three, everything has three replicas. Default: 1. */
  readonly servers?: 1 | 3;
  /** Whether a single server syncs always: then the processes wait for its disk. Default: true. */
  readonly sync?: boolean;
  /** Further flags of the processes. */
  readonly flags?: readonly string[];
}

const payload = "max_payload: 8MB";
/** Only the system account can see whether a server syncs before it acknowledges. */
const accounts = `system_account: SYS
no_auth_user: bank
accounts {
  SYS { users: [{ user: system, password: seen }] }
  BANK { jetstream: enabled, users: [{ user: bank, password: kept }] }
}`;

const systemAccountFlags = [
  "--cluster.system.user=system",
  "--cluster.system.password=env:TEST_SYSTEM_PASSWORD",
];

async function startServers(count: 1 | 3, sync: boolean): Promise<readonly NatsServer[]> {
  if (count === 3) return startNatsCluster({ configuration: payload });
  const configuration = `${payload}\n${accounts}`;
  return [await startNatsServer({ jetstream: sync ? "sync_interval: always" : true, configuration })];
}

export class BankCluster {
  readonly servers: readonly NatsServer[];
  readonly connection: NatsConnection & AsyncDisposable;
  readonly processes: BankProcess[] = [];
  readonly replicas: number;
  readonly #copies: string;
  readonly #flags: readonly string[];
  readonly #clients: Client[] = [];
  /** Reports of ended processes. */
  readonly #sentOn = new Map<string, number>();

  static async open(options: ClusterOptions = {}): Promise<BankCluster> {
    const { servers: count = 1, sync = true, flags = [] } = options;
    const servers = await startServers(count, sync);
    const connection = await connectionTo(servers.map(({ address }) => address));
    const copies = await mkdtemp(join(tmpdir(), "tutti-copies-"));
    return new BankCluster(servers, connection, copies, [
      ...(count === 1 && sync ? systemAccountFlags : []),
      ...flags,
    ]);
  }

  private constructor(
    servers: readonly NatsServer[],
    connection: NatsConnection & AsyncDisposable,
    copies: string,
    flags: readonly string[],
  ) {
    this.servers = servers;
    this.connection = connection;
    this.replicas = servers.length;
    this.#copies = copies;
    this.#flags = [
      ...["--ownership.kind=leased", `--ownership.partitions=${partitions}`],
      ...[`--ownership.replicas=${this.replicas}`, `--cluster.replicas=${this.replicas}`],
      ...[`--nats.servers=${JSON.stringify(servers.map(({ address }) => address))}`],
      // No service audits these journals.
      ...[`--cluster.copies=${copies}`, "--cluster.audited=false"],
      ...["--mesh.listen=127.0.0.1:0", "--operations.port=0", "--log.level=fatal"],
      ...["--mesh.timeouts.discoveryMs=1", ...flags],
    ];
  }

  async join(release: "today" | "next" = "today"): Promise<BankProcess> {
    // Without the environment of the test runner, for which a child would write results.
    const { NODE_TEST_CONTEXT: _context, ...inherited } = process.env;
    const env = { ...inherited, TEST_SYSTEM_PASSWORD: "seen", TEST_RELEASE: release };
    const child = fork(program, this.#flags, {
      env,
      execArgv: [],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const { promise: ended, reject } = Promise.withResolvers<never>();
    ended.catch(() => undefined);
    child.once("exit", (code) => reject(new Error(`the process ended with ${code} before it was ready`)));
    const [message] = (await Promise.race([once(child, "message"), ended])) as [BankMessage];
    if (message.kind !== "ready") throw new Error(`expected the process to be ready, got ${message.kind}`);
    const joined = { child, address: message.address, processId: message.processId };
    this.processes.push(joined);
    return joined;
  }

  /** Stops a process gracefully. */
  async leave(process: BankProcess): Promise<void> {
    await this.#collectCalls(process);
    const ended = once(process.child, "exit");
    process.child.kill("SIGTERM");
    await ended;
    this.#remove(process);
  }

  async kill(process: BankProcess): Promise<void> {
    const ended = once(process.child, "exit");
    process.child.kill("SIGKILL");
    await ended;
    this.#remove(process);
  }

  /**
   * Returns how often calls were redirected to the owner of an epoch, by processes that still run or left gracefully.
   */
  async sentOn(): Promise<ReadonlyMap<string, number>> {
    const sums = new Map(this.#sentOn);
    for (const process of this.processes) add(sums, await redirectedCalls(process));
    return sums;
  }

  async client({ lateMs = 0 }: { readonly lateMs?: number } = {}): Promise<Client> {
    const foundation = systemFoundation({ logger });
    const store = new NatsOwnershipStore({ connection: this.connection, replicas: this.replicas });
    const partitionOwner = new LeasedPartitionOwner({
      store: new LateStore(store, lateMs),
      foundation,
      settings: ownershipSettings({ kind: "leased", partitions }),
      process: "proc_client",
      address: () => "",
    });
    await partitionOwner.start({ signal: new AbortController().signal });
    const ownership = new LeasedOwnership(partitionOwner);
    const mesh = new Mesh({ foundation, ownership, settings: { transport: "grpc" } });
    const calls = mesh.client(bankContract);
    const runtimes = mesh.client(keyedRuntime, { service: "bank" });
    const client: Client = {
      partitionOwner,
      mesh,
      deposit: async (key, text, count, timeoutMs = 15_000) =>
        (await calls.deposit(note({ key, text, count }), { timeoutMs })).count,
      transfer: async (key, to, text, count) =>
        (await calls.transfer(note({ key, text, count, tags: [to] }))).count,
      balance: async (key, text) => (await calls.balance(note({ key, text }))).count,
      open: async (key, text, count = 0) => void (await calls.open(note({ key, text, count }))),
      history: async (account) => (await historyOf(runtimes, account)).map(({ event }) => event),
      events: (account) => historyOf(runtimes, account),
      close: async () => {
        await mesh.stop();
        await partitionOwner.stop();
      },
    };
    this.#clients.push(client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client.close();
    for (const process of [...this.processes]) await this.kill(process);
    await this.connection[Symbol.asyncDispose]();
    for (const server of this.servers) await server[Symbol.asyncDispose]();
    await rm(this.#copies, { recursive: true, force: true });
  }

  async #collectCalls(process: BankProcess): Promise<void> {
    add(this.#sentOn, await redirectedCalls(process));
  }

  #remove(process: BankProcess): void {
    this.processes.splice(this.processes.indexOf(process), 1);
  }
}

async function redirectedCalls({ child }: BankProcess): Promise<readonly (readonly [string, number])[]> {
  const answer = once(child, "message");
  child.send("sent on");
  const [message] = (await answer) as [BankMessage];
  return message.kind === "sent-on" ? message.calls : [];
}

function add(sums: Map<string, number>, calls: readonly (readonly [string, number])[]): void {
  for (const [call, count] of calls) sums.set(call, (sums.get(call) ?? 0) + count);
}

/** Waits until the condition holds. Returns how long that took. */
export async function until(condition: () => boolean, withinMs: number): Promise<number> {
  const sinceMs = performance.now();
  while (!condition()) {
    if (performance.now() - sinceMs > withinMs) throw new Error(`expected it within ${withinMs} ms`);
    await sleep(systemTimers, 5);
  }
  return performance.now() - sinceMs;
}

/** Makes deposits of one cent each, one after the other in many chains, each accounted for. */
export class Depositors {
  readonly acknowledged = new Map<string, number>();
  readonly calls: { readonly account: string; readonly endMs: number; readonly durationMs: number }[] = [];
  readonly failures: string[] = [];
  #running = true;
  #number = 0;
  readonly #chains: Promise<void>[];

  constructor(clients: readonly Client[], accounts: readonly string[], chains: number, name: string) {
    this.#chains = Array.from({ length: chains }, (_, chain) => {
      const client = clients[chain % clients.length];
      if (client === undefined) throw new Error("there is no client");
      return this.#run(client, accounts, chain, name);
    });
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#chains);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #run(client: Client, accounts: readonly string[], chain: number, name: string): Promise<void> {
    for (let turn = chain; this.#running; turn++) {
      const account = accounts[turn % accounts.length] ?? "";
      const call = `${name}-${this.#number++}`;
      const sinceMs = performance.now();
      try {
        await deposited(client, account, call);
        const endMs = performance.now();
        this.calls.push({ account, endMs, durationMs: endMs - sinceMs });
        this.acknowledged.set(account, (this.acknowledged.get(account) ?? 0) + 1);
      } catch (error) {
        this.failures.push(error instanceof TuttiError ? `${error.code}: ${error.message}` : String(error));
      }
    }
  }
}

/** Like a correct caller: repeats a call with an unknown outcome under its key, so that it counts once. */
async function deposited(client: Client, account: string, call: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.deposit(account, call, 1);
      return;
    } catch (error) {
      const isUnknown = error instanceof TuttiError && error.code === "kernel.deadline_exceeded";
      if (!isUnknown || attempt === 5) throw error;
    }
  }
}
