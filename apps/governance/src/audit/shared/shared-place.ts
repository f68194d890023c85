import { join } from "node:path";
import type { HostContext } from "@tutti/host";
import type { OpenedPlace } from "../rounds.ts";
import { SharedBook } from "./shared-book.ts";

export interface SharedPlaceParts extends NonNullable<HostContext["sharing"]> {
  readonly connection: Awaited<ReturnType<HostContext["nats"]>>;
}

/** A copy of the book that processes share, in a folder of this process. */
export async function openSharedPlace(
  { connection, replicas, claimCopies }: SharedPlaceParts,
  signal: AbortSignal,
): Promise<OpenedPlace> {
  const folder = await claimCopies("audit");
  try {
    const shared = await SharedBook.open({ connection, replicas }, signal);
    return { file: join(folder.path, "book.sqlite"), shared, close: () => folder.stop() };
  } catch (error) {
    folder.stop();
    throw error;
  }
}
