/** A sender of tasks: one stream of offers, with a fixed number outstanding or at a fixed rate. */
import { Client, type ClientDuplexStream, credentials } from "@grpc/grpc-js";
import { dispatchService, OfferReply, OfferRequest } from "@tutti/contracts/swarm/v1";
import { channelOptions } from "../chains/chain.ts";
import { echoCapability } from "../chains/echo-agent.ts";
import { stampedInput } from "./swarm-messages.ts";

const offersPerRequest = 256;
const unlimited = { ...channelOptions, "grpc.max_send_message_length": -1 };

export class Offering implements Disposable {
  readonly #client: Client;
  readonly #stream: ClientDuplexStream<OfferRequest, OfferReply>;
  #offered = 0;
  #results = 0;
  #target = 0;

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure(), unlimited);
    this.#stream = this.#client.makeBidiStreamRequest(
      dispatchService.methods.offer.path,
      (request: OfferRequest) => Buffer.from(OfferRequest.encode(request).finish()),
      (bytes: Buffer) => OfferReply.decode(bytes),
    );
    this.#stream.on("error", () => {});
    this.#stream.on("data", (reply: OfferReply) => this.#receive(reply));
    const hello = { version: 1, instanceId: "inst_bench", service: "workflow" };
    const profiles = [{ number: 1, pool: 1, capability: echoCapability, workKind: "run" }];
    this.#stream.write(OfferRequest.fromPartial({ hello, profiles }));
  }

  /** Results so far. */
  get results(): number {
    return this.#results;
  }

  /** Keeps a number of tasks outstanding from now on. */
  setOutstanding(outstanding: number): void {
    this.#target = outstanding;
    this.#fill();
  }

  /** Offers a fixed number per second for a while, independent of the results. */
  async spread(perSecond: number, seconds: number): Promise<void> {
    const startMs = performance.now();
    let sent = 0;
    for (let ranMs = 0; ranMs < seconds * 1_000; ranMs = performance.now() - startMs) {
      const due = Math.floor((ranMs / 1_000) * perSecond) - sent;
      if (due > 0) this.#offer(due);
      sent += Math.max(0, due);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Resolves when all offered tasks are done. */
  async done(): Promise<void> {
    this.#target = 0;
    while (this.#results < this.#offered) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  [Symbol.dispose](): void {
    this.#stream.cancel();
    this.#client.close();
  }

  #receive({ results }: OfferReply): void {
    if (results.length === 0) return;
    this.#results += results.length;
    this.#stream.write(OfferRequest.fromPartial({ resultsDurable: this.#results }));
    this.#fill();
  }

  #fill(): void {
    const missing = this.#target - (this.#offered - this.#results);
    if (missing > 0) this.#offer(missing);
  }

  #offer(count: number): void {
    for (let remaining = count; remaining > 0; remaining -= offersPerRequest) {
      const request = OfferRequest.create();
      for (let index = 0; index < Math.min(remaining, offersPerRequest); index++)
        request.offers.push(this.#next());
      this.#stream.write(request);
    }
  }

  #next(): OfferRequest["offers"][number] {
    const token = new Uint8Array(16);
    new DataView(token.buffer).setUint32(0, ++this.#offered);
    const input = { $case: "inlineInput" as const, value: stampedInput() };
    return { ...blank, token, input, workId: `run-${this.#offered}` };
  }
}

const [blank] = OfferRequest.fromPartial({ offers: [{ profile: 1, attempt: 1, taskId: "echo" }] }).offers as [
  OfferRequest["offers"][number],
];
