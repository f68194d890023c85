/** An agent that speaks bare gRPC and keeps to the protocol only as far as a test wants it to. */
import { Client, type ClientDuplexStream, credentials, type ServiceError } from "@grpc/grpc-js";
import { AgentFrame, agentLinkService, type HostFrame, type Welcome } from "@tutti/contracts/agent/v1";
import { readHostFrame } from "@tutti/contracts/wire";
import { fromStatusDetails, statusDetailsTrailer, type TuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";

type FrameFields = Parameters<typeof AgentFrame.fromPartial>[0];

const bytes = (message: Buffer): Buffer => message;

/** The host's frames, for tests to wait for: nothing is lost without a waiting test. */
export class AgentStream {
  readonly frames: HostFrame[] = [];
  readonly #wire: ClientDuplexStream<Buffer, Buffer>;
  #ended = false;
  #error: ServiceError | undefined;
  #read = 0;

  constructor(wire: ClientDuplexStream<Buffer, Buffer>) {
    this.#wire = wire;
    wire.on("data", (message: Buffer) => this.frames.push(readHostFrame(message)));
    wire.on("error", (error: ServiceError) => {
      this.#error = error;
      this.#ended = true;
    });
    wire.on("end", () => {
      this.#ended = true;
    });
  }

  send(frame: FrameFields): void {
    this.sendBytes(AgentFrame.encode(AgentFrame.fromPartial(frame)).finish());
  }

  sendBytes(message: Uint8Array): void {
    this.#wire.write(Buffer.from(message));
  }

  /** Returns the next frame with the requested content. Skips earlier frames. */
  next<T>(description: string, of: (frame: HostFrame) => T | undefined): Promise<T> {
    const check = () => {
      while (this.#read < this.frames.length) {
        const frame = this.frames[this.#read++];
        const found = frame && of(frame);
        if (found !== undefined) return found;
      }
      if (this.#ended) throw this.#error ?? new Error(`the stream ended before ${description}`);
      return undefined;
    };
    return until(description, check, (found) => found !== undefined);
  }

  /** Returns how the stream ended: with our error, without an error, or with an error of the gRPC library. */
  async waitForEnd(): Promise<{ readonly status: number; readonly error: TuttiError | undefined }> {
    await until("the end of the stream", () => this.#ended);
    const error = this.#error;
    // The status comes after the end of the data.
    await until("the status", () => error !== undefined || this.#ended);
    if (this.#error === undefined) return { status: 0, error: undefined };
    const [trailer] = this.#error.metadata.get(statusDetailsTrailer);
    const { code, details: message } = this.#error;
    const details = trailer instanceof Buffer ? trailer : undefined;
    return { status: code, error: fromStatusDetails({ code, message, details }) };
  }

  get isOver(): boolean {
    return this.#ended;
  }

  /** Stops reading: the messages of the host stay in flight. */
  pause(): void {
    this.#wire.pause();
  }

  unpause(): void {
    this.#wire.resume();
  }

  /** Simulates the death of the agent's process. */
  kill(): void {
    this.#wire.on("error", () => {});
    this.#wire.cancel();
  }

  closeSending(): void {
    this.#wire.end();
  }
}

export class RawAgent implements Disposable {
  readonly #client: Client;

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure(), {
      "grpc.max_send_message_length": -1,
      "grpc.max_receive_message_length": -1,
    });
  }

  open(): AgentStream {
    return new AgentStream(
      this.#client.makeBidiStreamRequest(agentLinkService.methods.link.path, bytes, bytes),
    );
  }

  /** Opens a stream and says hello. */
  async link(hello: AgentHello = {}): Promise<{ readonly stream: AgentStream; readonly welcome: Welcome }> {
    const stream = this.open();
    stream.send({ hello: helloOf(hello) });
    const welcome = await stream.next("a welcome", ({ answer }) =>
      answer?.$case === "welcome" ? answer.value : undefined,
    );
    return { stream, welcome };
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

export type AgentHello = NonNullable<FrameFields["hello"]>;

export function helloOf(fields: AgentHello): AgentHello {
  return {
    versionMin: 1,
    versionMax: 1,
    agentId: "agent-1",
    incarnation: "1",
    offering: { capabilities: [{ name: "test.echo", version: "1.2.0" }], slots: 10 },
    ...fields,
  };
}

export function token(number: number): Uint8Array {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

/** Returns a successful result. */
export function done(number: number) {
  return { token: token(number), outcome: { $case: "inlineOutput" as const, value: Buffer.from("1") } };
}

export function numberOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}
