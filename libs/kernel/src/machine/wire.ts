/**
 * What machines write with: the part of a protobuf writer that generated messages use. The runtime passes one whose
 * bytes go straight into the open batch.
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

/** A message as bytes. What `tools/generate.mjs` makes of a message in `proto/` is one. */
export interface WireCodec<Message> {
  /** Without a writer it makes one of its own. */
  encode(message: Message, writer?: WireWriter): unknown;
  decode(bytes: Uint8Array): Message;
  /** For people: history pages, traces. */
  toJSON(message: Message): unknown;
}
