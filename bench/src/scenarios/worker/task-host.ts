/** A host that gives an agent as many tasks as it takes, again and again, and has every result at once. Bare grpc-js. */
import { Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import { Assign, HostFrame } from "@tutti/contracts/agent/v1";
import { FlatWriter, readAgentFrame } from "@tutti/contracts/wire";
import { capabilityNumber, chainInput, channelOptions, streams } from "../chains/chain.ts";

type Stream = ServerDuplexStream<Uint8Array, Uint8Array>;

/** What agents offer here. */
export const echoCapability = "bench.echo";

export class TaskHost implements Disposable {
  readonly address: string;
  readonly #server: Server;
  #stream: Stream | undefined;
  readonly #writer = new FlatWriter(256 * 1024);
  readonly #assign = Assign.create({ capability: capabilityNumber, attempt: 1, runMs: 60_000 });
  #sequence = 0;
  #received = 0;
  #results = 0;
  #credit = 0;
  #tokens = 0;
  #isFlushing = false;
  #isGoing = false;
  /** Results of all agents there were. */
  done = 0;

  static async open(): Promise<TaskHost> {
    const server = new Server(channelOptions);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    return new TaskHost(server, port);
  }

  constructor(server: Server, port: number) {
    this.#server = server;
    this.address = `127.0.0.1:${port}`;
    this.#assign.workId = "chain-1";
    this.#assign.taskId = "step-1";
    this.#assign.input = { $case: "inlineInput", value: chainInput };
    server.addService({ link: streams.link }, { link: (stream: Stream) => this.#accept(stream) });
  }

  [Symbol.dispose](): void {
    this.#server.forceShutdown();
  }

  #accept(stream: Stream): void {
    this.#stream = stream;
    this.#sequence = 0;
    this.#results = 0;
    this.#credit = 0;
    stream.on("error", () => {});
    stream.on("data", (bytes: Uint8Array) => {
      if (stream === this.#stream) this.#take(bytes);
    });
  }

  #take(bytes: Uint8Array): void {
    const { sequence, credit, results, hello } = readAgentFrame(bytes);
    if (hello !== undefined) this.#stream?.write(welcome);
    this.#received = sequence;
    this.#credit += credit;
    this.#results += results.length;
    this.done += results.length;
    this.#flushSoon();
  }

  /** Gives tasks from now on. */
  go(): void {
    this.#isGoing = true;
    this.#flushSoon();
  }

  /** Gives no more: what the agent would take waits. */
  rest(): void {
    this.#isGoing = false;
  }

  /** What came with one turn is answered together. */
  #flushSoon(): void {
    if (this.#credit === 0 || this.#isFlushing || !this.#isGoing) return;
    this.#isFlushing = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushing = false;
    const writer = this.#writer;
    for (; this.#credit > 0; this.#credit--) {
      const token = new Uint8Array(16);
      new DataView(token.buffer).setUint32(0, ++this.#tokens);
      this.#assign.token = token;
      Assign.encode(this.#assign, writer.uint32(tags.assignments).fork()).join();
    }
    writer.uint32(tags.sequence).uint32(++this.#sequence);
    if (this.#received > 0) writer.uint32(tags.acknowledged).uint32(this.#received);
    if (this.#results > 0) writer.uint32(tags.resultsDurable).uint32(this.#results);
    this.#stream?.write(writer.finish());
  }
}

/** Numbers of the fields, as in the contracts. */
const tags = { sequence: 8, acknowledged: 16, assignments: 26, resultsDurable: 32 } as const;

const capabilityNumbers = { numbers: { [`${echoCapability}@1.0.0`]: capabilityNumber } };
const welcome = HostFrame.encode(
  HostFrame.fromPartial({
    answer: {
      $case: "welcome",
      value: {
        linkId: "link",
        version: 1,
        heartbeatMs: 5_000,
        leaseMs: 60_000,
        startedAfterMs: 100,
        capabilityNumbers,
      },
    },
  }),
).finish();
