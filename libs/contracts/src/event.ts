import type { MessageCodec } from "./rpc.ts";

/**
 * Description of a bus event in the contracts. `@tutti/contracts/events/v1` has one for each type, in
 * `eventDescriptions`. `@tutti/contracts/events/v1/registry` has those of the area registry, without loading the
 * messages of all others.
 */
export interface EventDescription<Payload> {
  /** Type of the CloudEvent: `tutti.workflow.run.started`. */
  readonly type: string;
  readonly payload: MessageCodec<Payload>;
  /** Returns the payload as proto3 JSON, for readers of text. */
  toJson(payload: Payload): unknown;
  fromJson(json: unknown): Payload;
}
