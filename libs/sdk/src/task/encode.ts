/** The hot messages, written straight into a frame. The tags are those of the contracts. A test holds them to that. */
import { PartialOutput, Progress, Result, Started } from "@tutti/contracts/agent/v1";
import { ModelCalls } from "@tutti/contracts/types/v1";
import type { FlatWriter } from "@tutti/contracts/wire";
import type { PendingProgress, Piece, Used } from "./attempt.ts";

const frameTags = { started: 26, progress: 34, partialOutputs: 42, results: 50 } as const;
const resultTags = { token: 10, inlineOutput: 18, runMs: 57, used: 66, modelCalls: 74 } as const;
const amountTags = { tokens: 9, money: 17 } as const;

/** Duration and use of an attempt. */
export interface Figures {
  readonly runMs: number;
  readonly used: Used | undefined;
  readonly modelCalls: ModelCalls | undefined;
}

/** A result with JSON. The text goes into the frame as it is encoded: bytes and text have one form on the wire. */
export function writeOutput(
  writer: FlatWriter,
  token: Uint8Array,
  json: string,
  { runMs, used, modelCalls }: Figures,
): void {
  writer.uint32(frameTags.results).fork();
  writer.uint32(resultTags.token).bytes(token);
  writer.uint32(resultTags.inlineOutput).string(json);
  if (runMs > 0) writer.uint32(resultTags.runMs).double(runMs);
  if (used !== undefined) writeUsed(writer, used);
  if (modelCalls !== undefined)
    ModelCalls.encode(modelCalls, writer.uint32(resultTags.modelCalls).fork()).join();
  writer.join();
}

export type Outcome = NonNullable<Result["outcome"]>;

/** Any other result. */
export function writeOutcome(
  writer: FlatWriter,
  token: Uint8Array,
  outcome: Outcome,
  { runMs, used, modelCalls }: Figures,
): void {
  const result = { token, outcome, runMs, used: used && { ...used, timeMs: 0 }, modelCalls };
  Result.encode(result, writer.uint32(frameTags.results).fork()).join();
}

export function writeStarted(writer: FlatWriter, token: Uint8Array, agoMs: number): void {
  Started.encode({ token, agoMs }, writer.uint32(frameTags.started).fork()).join();
}

export function writeProgress(
  writer: FlatWriter,
  token: Uint8Array,
  { saved = nothing, fraction, message }: PendingProgress,
  used: Used | undefined,
): void {
  const progress = { token, saved, fraction, message, used: used && { ...used, timeMs: 0 } };
  Progress.encode(progress, writer.uint32(frameTags.progress).fork()).join();
}

export function writePiece(writer: FlatWriter, token: Uint8Array, piece: Piece): void {
  PartialOutput.encode({ token, ...piece }, writer.uint32(frameTags.partialOutputs).fork()).join();
}

function writeUsed(writer: FlatWriter, { tokens, money }: Used): void {
  writer.uint32(resultTags.used).fork();
  if (tokens > 0) writer.uint32(amountTags.tokens).double(tokens);
  if (money > 0) writer.uint32(amountTags.money).double(money);
  writer.join();
}

const nothing = new Uint8Array(0);
