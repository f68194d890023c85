import { FlatWriter } from "@tutti/contracts/wire";
import type { WireCodec } from "@tutti/kernel";
import type { WitnessedAnswer } from "./witnessed.ts";

/** A reply with its witness: two doubles, then the reply. */
// biome-ignore lint/suspicious/noExplicitAny: replies of any machine
export function answerCodec(inner: WireCodec<any>): WireCodec<WitnessedAnswer> {
  return {
    encode({ events, digest, answer }, writer = new FlatWriter(64)) {
      writer.uint32(tag(1, 1)).double(events).uint32(tag(2, 1)).double(digest).uint32(tag(3, 2)).fork();
      inner.encode(answer, writer);
      return writer.join();
    },
    decode(bytes) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      let at = 2 * fieldBytes + 1;
      // The length of the reply, as a number of seven bits a byte.
      while ((view.getUint8(at) & 0x80) !== 0) at++;
      return {
        events: view.getFloat64(1, true),
        digest: view.getFloat64(1 + fieldBytes, true),
        answer: inner.decode(bytes.subarray(at + 1)),
      };
    },
    toJSON: ({ events, digest, answer }) => ({ events, digest, answer: inner.toJSON(answer) }),
  };
}

/** A tag of one byte and a double. */
const fieldBytes = 9;

function tag(field: number, type: number): number {
  return (field << 3) | type;
}
