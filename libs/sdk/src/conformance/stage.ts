/** The setting of one rule: a host, a worker that was started for it, and their streams. */
import { AgentFrame, HostFrame, type Redirect, type Refused, type Welcome } from "@tutti/contracts/agent/v1";
import { Changes } from "./changes.ts";
import type { TransportName } from "./endpoints/endpoint.ts";
import { ConformanceHost, type WorkerStream } from "./host.ts";
import { ScriptedLink, usualWelcome } from "./scripted-link.ts";
import { expect, Unmet } from "./unmet.ts";

/** The variables of its environment that tell a worker where to connect. */
export interface WorkerEnvironment {
  readonly TUTTI_ADDRESS: string;
  readonly TUTTI_NAMESPACE: string;
  readonly TUTTI_POOL: string;
}

/** A worker under test, in its own process or in this one. */
export interface WorkerUnderTest {
  /** Resolves with the exit code, or null if the worker was killed. 0 is a graceful exit. */
  readonly exited: Promise<number | null>;
  /** The last output of the worker. */
  readonly printed: string;
  terminate(): void;
  kill(): void;
}

export type LaunchWorker = (environment: WorkerEnvironment) => WorkerUnderTest;

type Hello = NonNullable<AgentFrame["hello"]>;

export interface Greeting {
  readonly stream: WorkerStream;
  readonly hello: Hello;
}

export interface StageOptions {
  /** Factor for all timeouts. */
  readonly patience: number;
  readonly transport: TransportName;
}

const startMs = 15_000;
const endMs = 3_000;

export class Stage {
  readonly changes: Changes;
  readonly host: ConformanceHost;
  readonly #others: ConformanceHost[] = [];
  readonly #launch: LaunchWorker;
  readonly #nextStreams = new Map<ConformanceHost, number>();
  readonly links: ScriptedLink[] = [];
  #worker: WorkerUnderTest | undefined;
  #links = 0;
  exitCode: number | null | undefined;

  readonly #transport: TransportName;

  constructor(launch: LaunchWorker, { patience, transport }: StageOptions) {
    this.#launch = launch;
    this.#transport = transport;
    this.changes = new Changes(patience);
    this.host = new ConformanceHost(this.changes, transport);
  }

  get printed(): string {
    return this.#worker?.printed ?? "";
  }

  async open(): Promise<void> {
    await this.host.open();
    this.#worker = this.#launch({
      TUTTI_ADDRESS: this.host.address,
      TUTTI_NAMESPACE: "default",
      TUTTI_POOL: "conformance",
    });
    this.#worker.exited.then((code) => {
      this.exitCode = code;
      this.changes.happened();
    });
  }

  /** Starts another host, as the target of a redirect. */
  async secondHost(): Promise<ConformanceHost> {
    const host = new ConformanceHost(this.changes, this.#transport);
    this.#others.push(host);
    await host.open();
    return host;
  }

  terminate(): void {
    this.#worker?.terminate();
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    if (this.exitCode === undefined) this.terminate();
    // The worker can stop gracefully while it is linked.
    if (worker !== undefined) await this.#untilExit().catch(() => worker.kill());
    for (const host of [this.host, ...this.#others]) host.close();
  }

  #untilExit(): Promise<unknown> {
    return this.changes.until(() => this.exitCode !== undefined, {
      expected: "the worker to end upon SIGTERM",
      found: () => "one that runs",
      withinMs: endMs,
    });
  }

  /** Returns the next stream that the worker opens, with its greeting. */
  async greeting(host: ConformanceHost = this.host, withinMs = startMs): Promise<Greeting> {
    const index = this.#nextStreams.get(host) ?? 0;
    this.#nextStreams.set(host, index + 1);
    const stream = await this.changes.until(
      () => {
        const opened = host.streams[index];
        if (opened !== undefined && opened.arrivals.length > 0) return opened;
        if (opened?.malformed)
          throw new Unmet("a greeting", `bytes that are no AgentFrame: ${opened.malformed}`);
        if (this.exitCode !== undefined)
          throw new Unmet("a worker that connects", `one that has ended with ${this.exitCode}`);
        return undefined;
      },
      {
        expected: `the worker to open stream ${index + 1} and send the greeting`,
        found: () => `${host.streams.length} streams`,
        remedy: "connect to TUTTI_ADDRESS, and again, with pauses, when a stream ends",
        withinMs,
      },
    );
    const [first] = stream.arrivals;
    const frame = first?.frame ?? AgentFrame.create();
    expect(frame.hello !== undefined, "`hello` in the first frame of the stream", () => "a frame without");
    return { stream, hello: frame.hello };
  }

  /** Answers a greeting with a welcome. */
  accept({ stream, hello }: Greeting, fields: Partial<Welcome> = {}): ScriptedLink {
    const numbers: Record<string, number> = {};
    for (const [index, { name, version }] of (hello.offering?.capabilities ?? []).entries())
      numbers[`${name}@${version}`] = index + 1;
    const welcome = usualWelcome({
      linkId: `link-${++this.#links}`,
      agentId: hello.agentId || `agent-${this.#links}`,
      capabilityNumbers: { numbers },
      ...fields,
    });
    const link = new ScriptedLink(stream, { hello, changes: this.changes, welcome });
    this.links.push(link);
    this.#reply(stream, { $case: "welcome", value: welcome });
    return link;
  }

  /** Returns the next stream, greeted and welcomed. */
  async link(fields: Partial<Welcome> = {}, host?: ConformanceHost): Promise<ScriptedLink> {
    return this.accept(await this.greeting(host), fields);
  }

  /** Answers a greeting by resuming a link. */
  resume(link: ScriptedLink, { stream }: Greeting): void {
    // The numbers of capabilities are valid for the whole link, so they are not sent again.
    const known = { capabilityNumbers: undefined, resumed: true, received: link.received.length };
    const value = { ...link.welcome, ...known };
    this.#reply(stream, { $case: "welcome", value });
    link.attach(stream);
  }

  redirect(stream: WorkerStream, value: Redirect): void {
    this.#reply(stream, { $case: "redirect", value });
    stream.finish();
  }

  refuse(stream: WorkerStream, value: Refused): void {
    this.#reply(stream, { $case: "refused", value });
    stream.finish();
  }

  /** Resolves when the worker has closed the stream. */
  waitForClose(
    stream: WorkerStream,
    expectation: { readonly expected: string; readonly remedy: string },
  ): Promise<boolean> {
    return this.changes.until(() => stream.isEnded, { ...expectation, found: () => "an open stream" });
  }

  async exited(withinMs: number): Promise<number | null> {
    const { code } = await this.changes.until(() => this.exitCode !== undefined && { code: this.exitCode }, {
      expected: "the worker to exit",
      found: () => "one that runs",
      withinMs,
    });
    return code;
  }

  #reply(stream: WorkerStream, answer: NonNullable<HostFrame["answer"]>): void {
    stream.write(HostFrame.fromPartial({ answer }));
  }
}
