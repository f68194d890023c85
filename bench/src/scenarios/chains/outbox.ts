import { Assign } from "@tutti/contracts/agent/v1";
import { FlatWriter } from "@tutti/contracts/wire";
import { RunEnd, StartReceipt } from "@tutti/contracts/workflow/v1";
import { capabilityNumber } from "./chain.ts";

/** Sends the bytes of a frame, and owns them from then on. */
export type SendFrame = (bytes: Uint8Array) => void;

/**
 * Collects the messages of an engine in one frame for each of the two streams. The generated encoders write messages
 * directly into the frame.
 */
export class Outbox {
  readonly #host = new FlatWriter(256 * 1024);
  readonly #replies = new FlatWriter(64 * 1024);
  readonly #assign = Assign.create({ capability: capabilityNumber, attempt: 1, runMs: 60_000 });
  readonly #input = { $case: "inlineInput" as const, value: nothing };
  readonly #receipt = StartReceipt.create();
  readonly #end = RunEnd.create();
  readonly #output = { $case: "inlineOutput" as const, value: nothing };
  readonly #sendHost: SendFrame;
  readonly #sendReplies: SendFrame;
  #sequence = 0;
  #resultsDurable = 0;
  #resultsReported = 0;
  /** The last processed frame of the agent. */
  acknowledged = 0;

  constructor(sendHost: SendFrame, sendReplies: SendFrame) {
    this.#sendHost = sendHost;
    this.#sendReplies = sendReplies;
    this.#assign.input = this.#input;
    this.#end.outcome = this.#output;
  }

  /** Assigns a step. */
  assign(token: Uint8Array, chain: string, task: string, input: Uint8Array): void {
    const assign = this.#assign;
    assign.token = token;
    assign.workId = chain;
    assign.taskId = task;
    this.#input.value = input;
    Assign.encode(assign, this.#host.uint32(hostTags.assignments).fork()).join();
  }

  /** Reports that more results are durable. */
  resultsDurable(count: number): void {
    this.#resultsDurable += count;
  }

  /** Reports that the start of a chain is durable. */
  started(number: number, chain: string): void {
    const receipt = this.#receipt;
    receipt.number = number;
    receipt.runId = chain;
    StartReceipt.encode(receipt, this.#replies.uint32(replyTags.receipts).fork()).join();
  }

  /** Reports that the end of a chain is durable. */
  reportEnd(number: number, output: Uint8Array): void {
    const end = this.#end;
    end.number = number;
    this.#output.value = output;
    RunEnd.encode(end, this.#replies.uint32(replyTags.ends).fork()).join();
  }

  /** Sends the pending messages. */
  flush(): void {
    const host = this.#host;
    if (host.position > 0 || this.#resultsReported !== this.#resultsDurable) {
      host.uint32(hostTags.sequence).uint32(++this.#sequence);
      host.uint32(hostTags.acknowledged).uint32(this.acknowledged);
      host.uint32(hostTags.resultsDurable).uint32(this.#resultsDurable);
      this.#resultsReported = this.#resultsDurable;
      this.#sendHost(host.finish());
    }
    if (this.#replies.position > 0) this.#sendReplies(this.#replies.finish());
  }
}

/** Tags of the fields in the contracts. The generated code reads the messages. */
const hostTags = { sequence: 8, acknowledged: 16, assignments: 26, resultsDurable: 32 } as const;
const replyTags = { receipts: 10, ends: 18 } as const;
const nothing: Uint8Array = new Uint8Array(0);
