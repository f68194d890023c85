import { AgentFrame, HostFrame, Result } from "@tutti/contracts/agent/v1";
import { FlatWriter, readHostFrame } from "@tutti/contracts/wire";
import type { SendFrame } from "./outbox.ts";
import type { Codecs } from "./server.ts";

/** An agent that returns the input of each task. It sends one frame of results for each frame of assignments. */
export class EchoAgent {
  readonly #read: (bytes: Uint8Array) => HostFrame;
  readonly #send: SendFrame;
  readonly #writer = new FlatWriter(256 * 1024);
  readonly #result = Result.create({ runMs: 0.01 });
  readonly #output = { $case: "inlineOutput" as const, value: nothing };
  #sequence = 0;

  constructor(codecs: Codecs, send: SendFrame) {
    this.#read = codecs === "generated" ? (bytes) => HostFrame.decode(bytes) : readHostFrame;
    this.#send = send;
    this.#result.outcome = this.#output;
  }

  greet(slots: number): void {
    const offering = { slots, capabilities: [{ name: echoCapability, version: "1.0.0" }] };
    const hello = { versionMin: 1, versionMax: 1, agentId: "echo", incarnation: "1", offering };
    this.#send(AgentFrame.encode(AgentFrame.fromPartial({ hello })).finish());
  }

  /** Grants credit after the greeting of the host. */
  start(slots: number): void {
    this.#sendFrame({ credit: slots });
  }

  /** Sends a heartbeat. A host without messages from an agent considers it dead. */
  heartbeat(): void {
    this.#sendFrame({});
  }

  receive(bytes: Uint8Array): void {
    const { assignments, sequence } = this.#read(bytes);
    if (assignments.length === 0) return;
    const writer = this.#writer;
    const result = this.#result;
    writer.uint32(tags.sequence).uint32(++this.#sequence);
    writer.uint32(tags.acknowledged).uint32(sequence);
    for (const { token, input } of assignments) {
      result.token = token;
      this.#output.value = input?.$case === "inlineInput" ? input.value : nothing;
      Result.encode(result, writer.uint32(tags.results).fork()).join();
    }
    writer.uint32(tags.credit).uint32(assignments.length);
    this.#send(writer.finish());
  }

  #sendFrame(frame: { readonly credit?: number }): void {
    const numbered = { ...frame, sequence: ++this.#sequence };
    this.#send(AgentFrame.encode(AgentFrame.fromPartial(numbered)).finish());
  }
}

/** The capability that it offers. */
export const echoCapability = "bench.echo";

const tags = { sequence: 8, acknowledged: 16, results: 50, credit: 56 } as const;
const nothing: Uint8Array = new Uint8Array(0);
