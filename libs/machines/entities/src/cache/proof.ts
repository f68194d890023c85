/**
 * `cache: auto`: the author declares that a task has no side effects, and attempts show that its output depends on its
 * input alone.
 *
 * 1. Until enough outputs in a row are equal, each task computes. Nothing is reused, and no task waits for another one.
 * 2. Afterwards one task in ten computes although there is an output, and its output is compared.
 * 3. An output that differs ends the reuse immediately. Then more outputs must be equal than the first time.
 */
import { createHash } from "node:crypto";
import type { Payload } from "@tutti/contracts/types/v1";
import { type CacheAsker, OutputComparedV1 } from "@tutti/contracts/workflow/v1";
import type { ReadOnly } from "@tutti/kernel";
import type { CacheEntry, CacheEvent, CacheStep } from "./entry.ts";

/** Number of equal outputs in a row that are required at first, and after a difference. */
const needed = { first: 3, differed: 20 };
/** One task out of this number computes for the comparison. */
const checkedOneIn = 10;

type Proof = Pick<ReadOnly<CacheEntry>, "digest" | "equal" | "differMs">;

export const outputCompared: CacheEvent<OutputComparedV1> = {
  type: "output_compared",
  version: 1,
  codec: OutputComparedV1,
  evolve(entry, { digest, equal, differMs }) {
    Object.assign(entry, { used: true, digest, equal, differMs });
  },
};

export function neededOf({ differMs }: Pick<Proof, "differMs">): number {
  return differMs === 0 ? needed.first : needed.differed;
}

export function isProven(proof: Proof): boolean {
  return proof.equal >= neededOf(proof);
}

/** Returns whether outputs are compared and not reused yet. */
export function isDoubted(proof: Proof): boolean {
  return proof.digest !== "" && !isProven(proof);
}

/**
 * Returns whether a task computes for the comparison. The choice depends on the task alone: a repeated
 * request gets the same reply.
 */
export function isChecked({ runId, taskId }: Pick<CacheAsker, "runId" | "taskId">): boolean {
  const digest = createHash("sha256")
    .update(JSON.stringify([runId, taskId]))
    .digest();
  return digest.readUInt32BE(0) % checkedOneIn === 0;
}

/** Returns whether the output equals the previous one. */
export function compareOutput(entry: Proof, output: ReadOnly<Payload> | undefined, step: CacheStep): boolean {
  const digest = digestOf(output);
  const isEqual = digest === entry.digest;
  const isFirst = entry.digest === "";
  const differMs = isEqual || isFirst ? entry.differMs : step.nowMs;
  const equal = isEqual ? Math.min(entry.equal + 1, needed.differed) : 1;
  // A reused output is not recorded again.
  if (!isEqual || !isProven(entry)) step.emit(outputCompared, { digest, equal, differMs });
  return isEqual;
}

function digestOf(output: ReadOnly<Payload> | undefined): string {
  const hash = createHash("sha256")
    .update(output?.mediaType ?? "")
    .update("\n");
  const { body } = output ?? {};
  if (body?.$case === "inline") hash.update(body.value as Uint8Array);
  else if (body?.$case === "blob") hash.update(body.value.sha256 as Uint8Array);
  return hash.digest("base64url");
}
