/** A sender of tasks in tests: a stream of offers through a mesh, in-process or over gRPC. */
import { dispatchService, type OfferReply, OfferRequest } from "@tutti/contracts/swarm/v1";
import { Notifier } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import type { Mesh } from "@tutti/mesh";

type Request = Parameters<typeof OfferRequest.fromPartial>[0];

export class Sender {
  readonly replies: OfferReply[] = [];
  readonly #requests = new Outgoing<OfferRequest>();
  #read = 0;
  error: unknown;
  /** Whether the owner ended the stream. */
  hasEnded = false;

  constructor(mesh: Pick<Mesh, "client">, hello: Request["hello"] = {}) {
    this.sendRequest({ hello: { version: 1, instanceId: "inst_sender", service: "workflow", ...hello } });
    const replies = mesh.client(dispatchService).offer(this.#requests);
    const read = async () => {
      for await (const reply of replies) this.replies.push(reply);
      this.hasEnded = true;
    };
    read().catch((error: unknown) => {
      this.error = error;
    });
  }

  sendRequest(request: Request): void {
    this.#requests.send(OfferRequest.fromPartial(request));
  }

  /** Offers tasks of one capability, each with its number as token. */
  offer(numbers: readonly number[], fields: OfferFields = {}): void {
    const { token = tokenOf, input, profile = {}, ...rest } = fields;
    const { number: profileNumber = 1 } = profile;
    this.sendRequest({
      profiles: [{ number: profileNumber, pool: 1, capability: "test.echo", workKind: "run", ...profile }],
      offers: numbers.map((number) => ({
        token: token(number),
        profile: profileNumber,
        attempt: 1,
        workId: `run-${number}`,
        taskId: "echo",
        ...(input !== undefined && { input: { $case: "inlineInput" as const, value: input } }),
        ...rest,
      })),
    });
  }

  next<T>(description: string, of: (reply: OfferReply) => T | undefined): Promise<T> {
    const check = () => {
      while (this.#read < this.replies.length) {
        const reply = this.replies[this.#read++];
        const found = reply && of(reply);
        if (found !== undefined) return found;
      }
      if (this.error !== undefined) throw this.error;
      return undefined;
    };
    return until(description, check, (found) => found !== undefined);
  }

  close(): void {
    this.#requests.close();
  }
}

/** Messages of a stream, one after the other as they are read. */
export class Outgoing<T> implements AsyncIterable<T> {
  readonly #messages: T[] = [];
  readonly #bell = new Notifier();
  #isOpen = true;

  send(message: T): void {
    this.#messages.push(message);
    this.#bell.notify();
  }

  close(): void {
    this.#isOpen = false;
    this.#bell.notify();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) yield message;
      else if (!this.#isOpen) return;
      else await this.#bell.notified();
    }
  }
}

interface OfferFields {
  readonly token?: (number: number) => Uint8Array;
  readonly input?: Uint8Array;
  readonly profile?: NonNullable<Request["profiles"]>[number];
  readonly priority?: number;
  readonly attempt?: number;
  readonly limits?: NonNullable<NonNullable<Request["offers"]>[number]["limits"]>;
}

function tokenOf(number: number): Uint8Array {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}
