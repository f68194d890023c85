/**
 * Fetches content before a machine reads it: content that a fold, a snapshot or a message needs but does not contain.
 * Usually the content is already local, and nothing waits.
 */
import type { Snapshot } from "@tutti/contracts/runtime/v1";
import { errorFromUnknown, type Status } from "@tutti/kernel";
import type { HostedMachine } from "./hosted-machine.ts";

/** Undefined if there is nothing to wait for. */
export type Preparation = Promise<void> | undefined;

export function preparedForEvent(
  hosted: HostedMachine,
  namespace: string,
  {
    type,
    version,
    payload,
  }: { readonly type: string; readonly version: number; readonly payload: Uint8Array },
): Preparation {
  if (!hosted.needsContent) return undefined;
  const event = hosted.event(type, version);
  if (event?.needs === undefined) return undefined;
  return prepared(hosted, namespace, () => event.needs?.(event.codec.decode(payload)));
}

export function preparedForSnapshot(
  hosted: HostedMachine,
  { namespace, folded, state, stateVersion }: Snapshot,
): Preparation {
  const { snapshots } = hosted.machine;
  if (!hosted.needsContent || snapshots.needs === undefined || folded === 0) return undefined;
  return prepared(hosted, namespace, () => snapshots.needs?.(state, stateVersion));
}

export function preparedForMessage(
  hosted: HostedMachine,
  namespace: string,
  { type, payload }: { readonly type: string; readonly payload: Uint8Array },
): Preparation {
  if (!hosted.needsContent) return undefined;
  const command = hosted.command(type);
  if (command?.needs === undefined) return undefined;
  return prepared(hosted, namespace, () => command.needs?.(command.codec.decode(payload)));
}

function prepared(
  { machine }: HostedMachine,
  namespace: string,
  needs: () => Iterable<Uint8Array> | undefined,
): Preparation {
  const waiting: Promise<void>[] = [];
  try {
    for (const sha256 of needs() ?? []) {
      const preparing = machine.prepare?.(namespace, sha256);
      if (preparing !== undefined) waiting.push(preparing);
    }
  } catch {
    // It cannot be decoded. Its receiver fails in the same way and reports it.
    return undefined;
  }
  return waiting.length === 0 ? undefined : Promise.all(waiting).then(() => {}, ignoreLost);
}

/**
 * Content that is lost for good fails only the work that needs it. Content that is temporarily unavailable stops
 * everything until it is available.
 */
function ignoreLost(thrown: unknown): void {
  if (!lost.has(errorFromUnknown(thrown).status)) throw thrown;
}

const lost: ReadonlySet<Status> = new Set<Status>(["NOT_FOUND", "DATA_LOSS", "INVALID_ARGUMENT", "INTERNAL"]);
