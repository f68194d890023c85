import { FlatWriter } from "@tutti/contracts/wire";
import type { WireCodec } from "../../machine/wire.ts";
import { expectSame, expectSameBytes } from "./violation.ts";

const writer = new FlatWriter();

function bytesOf<Body>(codec: WireCodec<Body>, body: Body): Uint8Array {
  writer.reset();
  codec.encode(body, writer);
  return writer.finish();
}

/** Returns a message as bytes, and checks that they decode to the same message. */
export function checkedBytes<Body>(codec: WireCodec<Body>, body: Body, location: string): Uint8Array {
  const bytes = bytesOf(codec, body);
  const read = codec.decode(bytes);
  expectSame(codec.toJSON(read), codec.toJSON(body), location, "what is written is read again");
  expectSameBytes(bytesOf(codec, read), bytes, location, "what was read is written as the same bytes");
  return bytes;
}
