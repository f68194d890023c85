/** The events of a chain, as they are written into the journal. Small messages like those that machines have. */
import type { FlatWriter } from "@tutti/contracts/wire";

/** `chain_started`: the input of the first step. */
export function encodeChainStarted(input: Uint8Array, writer: FlatWriter): void {
  writer.uint32(10).bytes(input);
}

/** `step_completed`: which one, and what came out of it. */
export function encodeStepCompleted(step: number, output: Uint8Array, writer: FlatWriter): void {
  writer.uint32(8).uint32(step).uint32(18).bytes(output);
}
