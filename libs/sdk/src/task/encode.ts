/** The hot messages, written straight into a frame. The tags are those of the contracts; a test holds them to that. */
import { PartialOutput, Progress, Result, Started } from "@tutti/contracts/agent/v1";
import type { FlatWriter } from "@tutti/contracts/wire";
import type { Encode } from "../link/outbox.ts";
import type { Piece, Told } from "./attempt.ts";

const frameTags = { started: 26, progress: 34, partialOutputs: 42, results: 50 } as const;
const resultTags = { token: 10, inlineOutput: 18, runMs: 57, used: 66 } as const;
const amountTags = { tokens: 9, money: 17 } as const;

export interface Used {
  readonly tokens: number;
  readonly money: number;
}

/** A result with JSON. The text goes into the frame as it is encoded: bytes and text have one form on the wire. */
export function outputResult(token: Uint8Array, json: string, runMs: number, used: Used): Encode {
  return (writer) => {
    writer.uint32(frameTags.results).fork();
    writer.uint32(resultTags.token).bytes(token);
    writer.uint32(resultTags.inlineOutput).string(json);
    if (runMs > 0) writer.uint32(resultTags.runMs).double(runMs);
    if (used.tokens > 0 || used.money > 0) writeUsed(writer, used);
    writer.join();
  };
}

/** Any other result. */
export function otherResult(
  token: Uint8Array,
  outcome: NonNullable<Result["outcome"]>,
  runMs: number,
  { tokens, money }: Used,
): Encode {
  const used = tokens > 0 || money > 0 ? { tokens, money, timeMs: 0 } : undefined;
  return (writer) => {
    Result.encode({ token, outcome, runMs, used }, writer.uint32(frameTags.results).fork()).join();
  };
}

export function startedMessage(token: Uint8Array, agoMs: number): Encode {
  return (writer) => {
    Started.encode({ token, agoMs }, writer.uint32(frameTags.started).fork()).join();
  };
}

export function progressMessage(
  token: Uint8Array,
  { saved = nothing, fraction, message }: Told,
  used: Used,
): Encode {
  return (writer) => {
    const amounts = used.tokens > 0 || used.money > 0 ? { ...used, timeMs: 0 } : undefined;
    const progress = Progress.create({ token, saved, fraction, message });
    progress.used = amounts;
    Progress.encode(progress, writer.uint32(frameTags.progress).fork()).join();
  };
}

export function pieceMessage(token: Uint8Array, piece: Piece): Encode {
  return (writer) => {
    PartialOutput.encode({ token, ...piece }, writer.uint32(frameTags.partialOutputs).fork()).join();
  };
}

function writeUsed(writer: FlatWriter, { tokens, money }: Used): void {
  writer.uint32(resultTags.used).fork();
  if (tokens > 0) writer.uint32(amountTags.tokens).double(tokens);
  if (money > 0) writer.uint32(amountTags.money).double(money);
  writer.join();
}

const nothing = new Uint8Array(0);
