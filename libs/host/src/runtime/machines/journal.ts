import type { ReadJournalReply, ReadJournalRequest } from "@tutti/contracts/runtime/v1";
import { encodeBatch, type JournalPartition } from "@tutti/journal";
import type { CallContext } from "@tutti/kernel";
import { hostErrors } from "../../errors.ts";
import { type MachineDependencies, waitForChange } from "./dependencies.ts";

/** Bytes of batches in one reply. A single larger batch may exceed it. */
const replyBytes = 1024 * 1024;

/** Returns the journal of a partition, and continues with new batches. */
export async function* readJournal(
  dependencies: MachineDependencies,
  { partition, afterBatch, follow, kept }: ReadJournalRequest,
  context: CallContext,
): AsyncGenerator<ReadJournalReply, void> {
  const { partitionOwner, runtime, journals, holds } = dependencies;
  const { service, partitions } = runtime;
  const { signal } = context;
  if (partition >= partitions) throw hostErrors.noSuchPartition({ service, partition, partitions });
  await partitionOwner.admit(service, partition, { epoch: context.ownerEpoch ?? 0, signal });
  if (kept && context.principal.credential === undefined)
    holds.acknowledge({ service, partition }, afterBatch);
  // Read each time, because a journal that stopped is opened again.
  const log = (): JournalPartition => journals.journal.partition(service, partition);
  for (let after = afterBatch; !signal.aborted; ) {
    for await (const reply of replies(log(), after)) {
      after += reply.batches.length;
      yield reply;
    }
    if (!follow) return;
    const hasNewBatches = await waitForChange(
      () => log().last.number > after,
      dependencies.foundation,
      signal,
    );
    if (!hasNewBatches && !signal.aborted) yield { batches: [] };
  }
}

async function* replies(log: JournalPartition, after: number): AsyncGenerator<ReadJournalReply, void> {
  let batches: Uint8Array[] = [];
  let bytes = 0;
  for await (const slice of log.read(after + 1)) {
    for (const batch of slice) {
      const encoded = encodeBatch(log, batch);
      if (bytes > 0 && bytes + encoded.length > replyBytes) {
        yield { batches };
        batches = [];
        bytes = 0;
      }
      batches.push(encoded);
      bytes += encoded.length;
    }
  }
  if (batches.length > 0) yield { batches };
}
