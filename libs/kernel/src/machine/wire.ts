/**
 * The part of a protobuf writer that generated messages use. Machines encode with it. The runtime passes a writer whose
 * bytes go directly into the open batch.
 */
export interface WireWriter {
  uint32(value: number): this;
  int32(value: number): this;
  bool(value: boolean): this;
  double(value: number): this;
  fixed32(value: number): this;
  string(value: string): this;
  bytes(value: Uint8Array): this;
  fork(): this;
  join(): this;
}

/** A message as bytes. The code that `tools/generate.mjs` generates for a message in `proto/` has this form. */
export interface WireCodec<Message> {
  /** Without a writer it creates one. */
  encode(message: Message, writer?: WireWriter): unknown;
  decode(bytes: Uint8Array): Message;
  /** For people: history pages, traces. */
  toJSON(message: Message): unknown;
}
