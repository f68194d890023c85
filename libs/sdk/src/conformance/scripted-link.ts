/**
 * The host's side of a link, controlled by a rule. It counts, acknowledges and records by itself, and violates the
 * protocol on demand.
 *
 * 1. The duties of every worker are checked on each frame, independent of the current rule. Numbers have no gaps, a
 *    repeated frame has the same bytes, and frames are within the limit. A greeting has nothing else, and nothing follows
 *    the goodbye. No answer is for an unknown token.
 * 2. Frames that arrive while the host is `deaf` are not received. The worker has to send them again.
 */
import {
  type AgentFrame,
  Assign,
  Cancel,
  HostFrame,
  type PartialOutput,
  type Progress,
  type Result,
  type Started,
  Welcome,
} from "@tutti/contracts/agent/v1";
import { systemChance } from "@tutti/kernel";
import type { Changes, Expectation } from "./changes.ts";
import type { Arrival, WorkerStream } from "./host.ts";
import { Unmet } from "./unmet.ts";

/** A message of a worker about an attempt. Messages are in the order in which they take effect. */
export type AttemptMessage =
  | { readonly kind: "started"; readonly token: string; readonly value: Started }
  | { readonly kind: "progress"; readonly token: string; readonly value: Progress }
  | { readonly kind: "output"; readonly token: string; readonly value: PartialOutput }
  | { readonly kind: "result"; readonly token: string; readonly value: Result };

type Hello = NonNullable<AgentFrame["hello"]>;
type AssignFields = Partial<Omit<Assign, "token" | "capability" | "input">>;

export interface LinkOptions {
  readonly hello: Hello;
  readonly changes: Changes;
  readonly welcome: Welcome;
}

export class ScriptedLink {
  readonly hello: Hello;
  readonly changes: Changes;
  readonly welcome: Welcome;
  readonly messages: AttemptMessage[] = [];
  /** The received frames. Number 1 is at index 0. */
  readonly received: Arrival[] = [];
  /** The frames sent, by number. Number 1 is at index 0. */
  readonly sent: Uint8Array[] = [];
  readonly tokens = new Set<string>();
  stream: WorkerStream;
  acknowledged = 0;
  /** Number of tasks that the worker accepts at the moment. */
  credit = 0;
  creditGranted = 0;
  resultsReceived = 0;
  resultsDurable = 0;
  /** True if results are durable as soon as they arrive. */
  isDurable = true;
  isDeaf = false;
  receivedBye = false;
  receivedDrain = false;
  receivedSleep = false;
  receivedWake = false;
  /** Credit granted after `sleep` and before `wake`. */
  creditWhileAsleep = 0;
  /** The last offer after the greeting. */
  offering: AgentFrame["offering"];
  violation: Unmet | undefined;
  readonly #laterNumbers: Record<string, number> = {};

  constructor(stream: WorkerStream, { hello, changes, welcome }: LinkOptions) {
    this.stream = stream;
    this.hello = hello;
    this.changes = changes;
    this.welcome = welcome;
    this.attach(stream);
  }

  get slots(): number {
    return Math.max(1, this.hello.offering?.slots ?? 1);
  }

  get heartbeatMs(): number {
    return this.welcome.heartbeatMs;
  }

  /** Continues over another stream of the same link. */
  attach(stream: WorkerStream): void {
    this.stream = stream;
    this.isDeaf = false;
    stream.onFrame = (arrival) => {
      if (this.isDeaf || stream !== this.stream) return;
      try {
        this.#receive(arrival);
      } catch (error) {
        if (!(error instanceof Unmet)) throw error;
        this.violation ??= error;
      }
    };
    for (const arrival of stream.arrivals.slice(1)) stream.onFrame(arrival);
  }

  /** Sends a numbered frame. */
  send(frame: Partial<HostFrame> = {}): void {
    const bytes = HostFrame.encode(
      HostFrame.fromPartial({ ...frame, sequence: this.sent.length + 1, acknowledged: this.received.length }),
    ).finish();
    this.sent.push(bytes);
    this.stream.writeBytes(bytes);
  }

  /** Assigns tasks in one frame, and returns their tokens. */
  assign(
    ...tasks: readonly (readonly [capability: string, input?: unknown, fields?: AssignFields])[]
  ): string[] {
    const assignments = tasks.map(([capability, input, fields]) =>
      this.assignment(capability, input, fields),
    );
    this.assignEach(...assignments);
    return assignments.map(({ token }) => nameOf(token));
  }

  assignEach(...assignments: readonly Assign[]): void {
    this.#recordAssigned(assignments);
    this.send({ assignments: [...assignments] });
  }

  /** Assigns tasks in a frame that also reports every received result as durable. */
  assignWithDurable(...assignments: readonly Assign[]): void {
    this.#recordAssigned(assignments);
    this.resultsDurable = this.resultsReceived;
    this.send({ assignments: [...assignments], resultsDurable: this.resultsDurable });
  }

  /** Gives a number to a capability that was offered later. */
  numberLater(capability: string, number: number): void {
    const numbers = { [`${capability}@1.0.0`]: number };
    Object.assign(this.#laterNumbers, numbers);
    this.send({ capabilityNumbers: { numbers } });
  }

  assignment(capability: string, input?: unknown, fields: AssignFields = {}): Assign {
    const name = `${capability}@1.0.0`;
    const number = this.welcome.capabilityNumbers?.numbers[name] ?? this.#laterNumbers[name];
    if (number === undefined)
      throw new Unmet(
        `the capability ${capability} in version 1.0.0`,
        "a worker that does not offer it",
        "offer it: the guide to workers lists what the program needs",
      );
    const inlineInput = input instanceof Uint8Array ? input : input === undefined ? undefined : json(input);
    return Assign.fromPartial({
      token: systemChance.fill(new Uint8Array(16)),
      capability: number,
      attempt: 1,
      workId: "conformance-1",
      taskId: "task-1",
      ...(inlineInput && { input: { $case: "inlineInput", value: inlineInput } }),
      ...fields,
    });
  }

  cancel(token: string, graceMs: number, reason = "the conformance program cancels it"): void {
    this.send({ cancels: [Cancel.fromPartial({ token: Buffer.from(token, "hex"), graceMs, reason })] });
  }

  /** Waits for a condition. Fails as soon as the worker breaks a rule that always holds. */
  until<T>(condition: () => T | undefined | false, expectation: Expectation): Promise<T> {
    return this.changes.until(() => {
      if (this.violation !== undefined) throw this.violation;
      return condition();
    }, expectation);
  }

  async creditOf(count = 1): Promise<void> {
    await this.until(() => this.credit >= count, {
      expected: `credit for ${count} more`,
      found: () => `credit for ${this.credit}`,
      remedy:
        "grant credit for every slot that is free, with the first frame after the welcome and with each result",
    });
  }

  result(token: string, withinMs?: number): Promise<Result> {
    return this.until(() => this.resultsOf(token)[0], {
      expected: "a result of the attempt",
      found: () => (this.stream.isEnded ? "a stream that ended without one" : "none"),
      ...(withinMs !== undefined && { withinMs }),
    });
  }

  resultsOf(token: string): Result[] {
    return this.messagesOf(token).flatMap((message) => (message.kind === "result" ? [message.value] : []));
  }

  messagesOf(token: string): AttemptMessage[] {
    return this.messages.filter((message) => message.token === token);
  }

  /** Assigns a task, and waits for its result. */
  async execute(capability: string, input?: unknown, fields: AssignFields = {}): Promise<Result> {
    await this.creditOf();
    const [token = ""] = this.assign([capability, input, fields]);
    return this.result(token);
  }

  #recordAssigned(assignments: readonly Assign[]): void {
    for (const { token } of assignments) {
      this.tokens.add(nameOf(token));
      this.credit--;
    }
  }

  #receive({ bytes, frame, atMs }: Arrival): void {
    const { sequence } = frame;
    if (frame.hello !== undefined)
      throw new Unmet("a greeting only in the first frame of a stream", `one in frame ${sequence}`);
    if (bytes.length > this.welcome.maxFrameBytes)
      throw new Unmet(`frames of at most ${this.welcome.maxFrameBytes} bytes`, `one of ${bytes.length}`);
    const before = this.received[sequence - 1];
    if (before !== undefined && sequence <= this.received.length) {
      if (Buffer.compare(before.bytes, bytes) !== 0)
        throw new Unmet(
          `frame ${sequence} to be repeated as it was`,
          "another content under the same number",
          "keep the bytes of each frame until it is acknowledged, and repeat those",
        );
      return;
    }
    if (sequence !== this.received.length + 1)
      throw new Unmet(
        `frame ${this.received.length + 1}`,
        `frame ${sequence}`,
        "number frames from 1 on each link, without gaps, the empty ones too",
      );
    if (this.receivedBye) throw new Unmet("no frame after `bye`", `frame ${sequence}`);
    if (frame.acknowledged > this.sent.length)
      throw new Unmet(
        `an acknowledgement of at most ${this.sent.length}`,
        `${frame.acknowledged}`,
        "acknowledge the last received frame",
      );
    this.received.push({ bytes, frame, atMs });
    this.acknowledged = Math.max(this.acknowledged, frame.acknowledged);
    this.#apply(frame);
    if (this.isDurable && this.resultsDurable < this.resultsReceived) this.reportDurable();
  }

  /** Reports every received result as durable. */
  reportDurable(): void {
    this.resultsDurable = this.resultsReceived;
    this.send({ resultsDurable: this.resultsDurable });
  }

  #apply(frame: AgentFrame): void {
    for (const value of frame.started)
      this.#addMessage({ kind: "started", token: nameOf(value.token), value });
    for (const value of frame.progress)
      this.#addMessage({ kind: "progress", token: nameOf(value.token), value });
    for (const value of frame.partialOutputs)
      this.#addMessage({ kind: "output", token: nameOf(value.token), value });
    for (const value of frame.results) {
      this.resultsReceived++;
      this.#addMessage({ kind: "result", token: nameOf(value.token), value });
    }
    this.credit += frame.credit;
    this.creditGranted += frame.credit;
    if ((this.receivedSleep || frame.sleep !== undefined) && !this.receivedWake && frame.wake === undefined)
      this.creditWhileAsleep += frame.credit;
    if (frame.drain !== undefined || frame.sleep !== undefined) this.credit = 0;
    this.offering = frame.offering ?? this.offering;
    this.receivedWake ||= frame.wake !== undefined;
    this.receivedDrain ||= frame.drain !== undefined;
    this.receivedSleep ||= frame.sleep !== undefined;
    this.receivedBye ||= frame.bye !== undefined;
  }

  #addMessage(message: AttemptMessage): void {
    if (message.token.length !== 32 || !this.tokens.has(message.token))
      throw new Unmet(
        "the token of an attempt that was given",
        `${message.kind} of ${message.token || "nothing"}`,
        "return the 16 bytes of the assignment's token unchanged",
      );
    this.messages.push(message);
  }
}

function nameOf(token: Uint8Array): string {
  return Buffer.from(token).toString("hex");
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

export function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new Unmet("a JSON document", `${bytes.length} bytes that are none`);
  }
}

/** Returns the default limits and times of rules. They are short so that the program does not take long. */
export function usualWelcome(fields: Partial<Welcome>): Welcome {
  return Welcome.fromPartial({
    version: 1,
    heartbeatMs: 200,
    leaseMs: 3_000,
    resumeWindowMs: 5_000,
    startedAfterMs: 100,
    maxFrameBytes: 4 * 1024 * 1024,
    maxInlineBytes: 1024 * 1024,
    ...fields,
  });
}
