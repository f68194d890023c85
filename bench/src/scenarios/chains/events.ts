/** Encodes the events of a chain for the journal. They are small messages like those of machines. */
import type { FlatWriter } from "@tutti/contracts/wire";

/** Encodes `chain_started` with the input of the first step. */
export function encodeChainStarted(input: Uint8Array, writer: FlatWriter): void {
  writer.uint32(10).bytes(input);
}

/** Encodes `step_completed` with the step and its output. */
export function encodeStepCompleted(step: number, output: Uint8Array, writer: FlatWriter): void {
  writer.uint32(8).uint32(step).uint32(18).bytes(output);
}
