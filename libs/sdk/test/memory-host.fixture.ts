/** A worker on virtual time, and a host without a network, controlled by a test. */
import { AgentFrame, Assign, HostFrame, type Result, Welcome } from "@tutti/contracts/agent/v1";
import { recordingLogger, seededChance, VirtualTime } from "@tutti/kernel/testing";
import { Worker, type WorkerOptions } from "../src/index.ts";
import { type BlobAccess, memoryBlobs } from "../src/link/blobs.ts";
import type { LinkStream, StreamEvents, Transport } from "../src/link/transport.ts";
import type { WorkerPorts } from "../src/worker/worker.ts";

export interface MemoryStream {
  readonly address: string;
  readonly frames: AgentFrame[];
  readonly raw: Uint8Array[];
  readonly events: StreamEvents;
  isEnded: boolean;
  cancelledBecause: string;
}

export class MemoryHost implements Transport {
  readonly streams: MemoryStream[] = [];
  isClosed = false;
  readonly files = memoryBlobs();
  sequence = 0;
  /** If true, connections are refused. */
  isDown = false;

  open(address: string, events: StreamEvents): LinkStream {
    if (this.isDown) throw new Error("connection refused");
    const stream: MemoryStream = {
      address,
      frames: [],
      raw: [],
      events,
      isEnded: false,
      cancelledBecause: "",
    };
    this.streams.push(stream);
    return {
      write: (bytes) => {
        stream.raw.push(bytes);
        stream.frames.push(AgentFrame.decode(bytes));
      },
      end: () => {
        stream.isEnded = true;
      },
      cancel: (reason) => {
        stream.cancelledBecause = reason;
      },
    };
  }

  blobs(): BlobAccess {
    return this.files;
  }

  close(): void {
    this.isClosed = true;
  }

  get stream(): MemoryStream {
    const last = this.streams.at(-1);
    if (last === undefined) throw new Error("the worker has not connected");
    return last;
  }

  get hello(): NonNullable<AgentFrame["hello"]> {
    const hello = this.stream.frames[0]?.hello;
    if (hello === undefined) throw new Error("the first frame has no greeting");
    return hello;
  }

  get results(): Result[] {
    return this.stream.frames.flatMap(({ results }) => results);
  }

  get credit(): number {
    return this.stream.frames.reduce((sum, { credit }) => sum + credit, 0);
  }

  reply(answer: NonNullable<HostFrame["answer"]>): void {
    this.stream.events.frame(HostFrame.encode(HostFrame.fromPartial({ answer })).finish());
  }

  welcome(fields: Partial<Welcome> = {}): void {
    if (fields.resumed !== true) this.sequence = 0;
    const numbers: Record<string, number> = {};
    for (const [index, { name, version }] of (this.hello.offering?.capabilities ?? []).entries())
      numbers[`${name}@${version}`] = index + 1;
    const value = Welcome.fromPartial({
      linkId: `link-${this.streams.length}`,
      version: 1,
      agentId: "agent-1",
      capabilityNumbers: { numbers },
      heartbeatMs: 10_000,
      leaseMs: 30_000,
      resumeWindowMs: 60_000,
      startedAfterMs: 1_000,
      maxFrameBytes: 4 * 1024 * 1024,
      maxInlineBytes: 1024 * 1024,
      ...fields,
    });
    this.reply({ $case: "welcome", value });
  }

  send(frame: Partial<HostFrame>): Uint8Array {
    const bytes = HostFrame.encode(HostFrame.fromPartial({ ...frame, sequence: ++this.sequence })).finish();
    this.stream.events.frame(bytes);
    return bytes;
  }

  disconnect(reason = "the network broke", isKeyRefused = false): void {
    this.stream.events.ended(reason, isKeyRefused);
  }
}

export function assignOf(token: number, fields: Partial<Assign> = {}, input: unknown = null): Assign {
  return Assign.fromPartial({
    token: bytesOf(token),
    capability: 1,
    attempt: 1,
    workId: "order-17",
    taskId: "reserve",
    input: { $case: "inlineInput", value: new TextEncoder().encode(JSON.stringify(input)) },
    ...fields,
  });
}

export function bytesOf(token: number): Uint8Array {
  return new Uint8Array(16).fill(token);
}

/** Formats results in order of arrival: `1: {"a":1}`, `2: failed pay.declined`. */
export function printResults(results: readonly Result[]): string[] {
  return results.map(({ token, outcome }) => `${token[0]}: ${outcomeOf(outcome)}`);
}

function outcomeOf(outcome: Result["outcome"]): string {
  if (outcome?.$case === "inlineOutput") return new TextDecoder().decode(outcome.value);
  return outcome?.$case === "failed" ? `failed ${outcome.value.code}` : (outcome?.$case ?? "nothing");
}

/** Returns a worker that is not started yet. */
export function stage(options: WorkerOptions = {}, variables: WorkerPorts["variables"] = {}) {
  const time = new VirtualTime();
  const host = new MemoryHost();
  const logger = recordingLogger();
  const edge = memoryEdge();
  const deferred: (() => void)[] = [];
  const worker = new Worker(
    { address: "host-1:7401", slots: 4, ...options },
    {
      clock: time,
      timers: time,
      chance: seededChance(7),
      defer: (run) => deferred.push(run),
      logger,
      edge,
      variables,
      transport: async () => host,
      figures: () => figures,
    },
  );
  /** Runs all work that can continue, including work deferred to the end of the turn. */
  async function settle(): Promise<void> {
    do {
      await time.flush();
      for (const run of deferred.splice(0)) run();
      await time.flush();
    } while (deferred.length > 0);
  }
  /** Starts the worker and welcomes it. */
  async function link(fields: Partial<Welcome> = {}): Promise<void> {
    const started = worker.start();
    await settle();
    host.welcome(fields);
    await started;
    await settle();
  }
  /** Advances time, and completes every turn in it. */
  async function pass(ms: number): Promise<void> {
    const endMs = time.monotonic() + ms;
    await settle();
    for (let dueMs = time.nextDueMs; dueMs !== undefined && dueMs <= endMs; dueMs = time.nextDueMs) {
      time.advance(dueMs - time.monotonic());
      await settle();
    }
    time.advance(endMs - time.monotonic());
    await settle();
  }
  return { time, host, logger, edge, worker, settle, link, pass };
}

const figures = {
  cpu: 0.5,
  memoryBytes: 1,
  memoryLimitBytes: 2,
  networkInBytesPerSec: 0,
  networkOutBytesPerSec: 0,
  cores: 2,
  hostMemoryBytes: 1,
  hostCpu: 0,
  eventLoopDelayMs: 0,
};

/** Returns a simulated process. Tests send its signals, and its exit is recorded. */
export function memoryEdge() {
  const listeners = new Map<string, Set<() => void>>();
  return {
    exits: [] as number[],
    kept: 0,
    onSignal(signal: string, listener: () => void) {
      const all = listeners.get(signal) ?? new Set();
      listeners.set(signal, all.add(listener));
      return () => all.delete(listener);
    },
    onFault: () => () => {},
    keepAlive() {
      this.kept++;
      return () => this.kept--;
    },
    onEmpty(listener: () => void) {
      return this.onSignal("empty", listener);
    },
    exit(code: number) {
      this.exits.push(code);
    },
    signal(signal: string) {
      for (const listener of [...(listeners.get(signal) ?? [])]) listener();
    },
  };
}
