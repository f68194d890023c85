import type { MessageCodec } from "./rpc.ts";

/**
 * How the contracts describe an event of the bus. `@tutti/contracts/events/v1` has one for each type, in
 * `eventDescriptions`. `@tutti/contracts/events/v1/registry` has those of the area registry, without loading the
 * messages of all others.
 */
export interface EventDescription<Payload> {
  /** The type of the CloudEvent: `tutti.workflow.run.started`. */
  readonly type: string;
  readonly payload: MessageCodec<Payload>;
  /** Returns the payload as proto3 JSON says it, for those who read events as text. */
  toJson(payload: Payload): unknown;
  fromJson(json: unknown): Payload;
}
