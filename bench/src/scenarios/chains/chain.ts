/**
 * The work of the scenarios that compare an engine with its ceiling: chains of five steps. A chain starts through the
 * batched stream. Each step is a task for an agent that returns its input, and the caller receives the end.
 *
 * Frames travel as bytes. Writer and reader choose the codec.
 */
import { agentLinkService } from "@tutti/contracts/agent/v1";
import { runService } from "@tutti/contracts/workflow/v1";

export const stepsPerChain = 5;

/** The input of a chain, the value between its steps, and its output: 100 bytes of JSON. */
export const chainInput: Uint8Array = new TextEncoder().encode(JSON.stringify({ text: "x".repeat(89) }));

/** Number of the capability in assignments, as agreed in the greeting. */
export const capabilityNumber = 1;

const asItIs = {
  requestStream: true,
  responseStream: true,
  requestSerialize: bufferOf,
  requestDeserialize: (bytes: Buffer): Uint8Array => bytes,
  responseSerialize: bufferOf,
  responseDeserialize: (bytes: Buffer): Uint8Array => bytes,
};

function bufferOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

/** The two streams, for bare grpc-js. */
export const streams = {
  link: { path: agentLinkService.methods.link.path, ...asItIs },
  startRuns: { path: runService.methods.startRuns.path, ...asItIs },
} as const;

/** Frames of a thousand tasks fit into a window, so that the measurement does not include window updates. */
export const channelOptions = {
  "grpc-node.flow_control_window": 4 * 1024 * 1024,
  "grpc.max_receive_message_length": -1,
} as const;
