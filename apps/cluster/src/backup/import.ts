/**
 * Imports the data directory of a single-process platform as a cluster, with its partitions and all active work.
 *
 * 1. The directory is handed over in the last step but one. Before it the cluster cannot be started, and after it no
 *    process starts in the directory. So after a crash at any time, at most one of the two can run.
 * 2. An unfinished import starts again. If a finished import lacks only its record, the record is written.
 */
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { keysDirectoryIn } from "@tutti/host";
import { handedOverTo, ImportedData } from "@tutti/host/import";
import { auditLogIn, keysIn } from "../plan/plan.ts";
import { replicasOf, type Shape } from "../plan/shape.ts";
import { copyIfPresent } from "./copying.ts";
import { finish, markUnfinished, unfinishedIn } from "./unfinished.ts";
import { type StoredClusterOptions, withNats } from "./with-nats.ts";

export async function importData(
  options: StoredClusterOptions,
  requestedShape: Omit<Shape, "partitions">,
  from: string,
  signal: AbortSignal,
): Promise<void> {
  const { directory } = options;
  const source = resolve(from);
  if (handedOverTo(source)?.to === directory && (await unfinishedIn(directory)) !== undefined)
    return finish(directory);
  const data = await ImportedData.open(source);
  try {
    await markUnfinished(directory, { command: "import", from: source });
    await copyIfPresent(keysDirectoryIn(source), keysIn(directory));
    await data.copyAuditLogTo(auditLogIn(directory));
    const shape = { ...requestedShape, partitions: data.partitions };
    const scratch = join(directory, "scratch");
    await withNats({ ...options, shape }, signal, (connection) =>
      data.copyTo({ connection, replicas: replicasOf(shape), scratch }, signal),
    );
    await rm(scratch, { recursive: true, force: true });
    data.handOver(directory);
  } finally {
    data.close();
  }
  await finish(directory);
}
