import type { ReadOnly, SnapshotCodec } from "@tutti/kernel";
import type { WitnessState } from "./witnessed.ts";

const headBytes = 16;

/** The witness goes before the state. */
// biome-ignore lint/suspicious/noExplicitAny: states of any machine
export function snapshotsWith(inner: SnapshotCodec<any>): SnapshotCodec<WitnessState> {
  return {
    version: inner.version,
    encode(state: ReadOnly<WitnessState>) {
      const body = inner.encode(state.inner);
      const bytes = new Uint8Array(headBytes + body.length);
      const view = new DataView(bytes.buffer);
      view.setFloat64(0, state.events, true);
      view.setFloat64(8, state.digest, true);
      bytes.set(body, headBytes);
      return bytes;
    },
    decode(bytes, version) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      return {
        events: view.getFloat64(0, true),
        digest: view.getFloat64(8, true),
        inner: inner.decode(bytes.subarray(headBytes), version),
      };
    },
  };
}
