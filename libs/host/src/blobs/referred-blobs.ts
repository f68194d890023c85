/**
 * Checks references to blobs where they enter: a request with a reference to a missing blob is refused before anything
 * is recorded. A recorded reference could never be read, and the work would fail later without a visible cause.
 *
 * 1. A request without a reference costs a walk through its fields, and no await.
 * 2. Streams check each item separately: a wrong item must not end the others.
 */
import { blobService } from "@tutti/contracts/blob/v1";
import { type Blobs, wholeBlob } from "@tutti/journal";
import type { Interceptor, Mesh, ServerCall } from "@tutti/mesh";
import { hostErrors } from "../errors.ts";

/** Returns whether a blob exists in a namespace. */
export type HasBlob = (namespace: string, sha256: Uint8Array) => Promise<boolean>;

/**
 * Reads a blob that is small enough for a record. Undefined if it does not exist. Rejects while the store is
 * unavailable.
 */
export type ReadBlob = (namespace: string, sha256: Uint8Array) => Promise<Uint8Array | undefined>;

interface Reference {
  readonly field: string;
  readonly sha256: Uint8Array;
}

/** Contracts whose requests contain recorded payloads: inputs, outputs, signals, entries of boards. */
const contracts: ReadonlySet<string> = new Set([
  "RunService",
  "TaskService",
  "BulkService",
  "ScheduleService",
  "SessionService",
  "MissionService",
  "BoardService",
  "AgentPollService",
]);

/** Finds blobs of this process, or of another process with its own blob store. */
export function blobLookup(blobs: () => Blobs, mesh: Pick<Mesh, "client">): HasBlob {
  return async (namespace, sha256) => {
    if ((await blobs().find(namespace, sha256)) !== undefined) return true;
    const found = await mesh.client(blobService).stat({ namespace, sha256: [sha256] });
    return found.blobs.length > 0;
  };
}

/** Reads content of this process, or of another process with its own blob store. */
export function blobReader(blobs: () => Blobs, mesh: Pick<Mesh, "client">): ReadBlob {
  return async (namespace, sha256) => {
    if ((await blobs().find(namespace, sha256)) !== undefined) return wholeBlob(blobs(), namespace, sha256);
    const client = mesh.client(blobService);
    if ((await client.stat({ namespace, sha256: [sha256] })).blobs.length === 0) return undefined;
    const from = client.get({ namespace, sha256, offset: 0, length: 0 });
    const parts: Uint8Array[] = [];
    for await (const { chunk } of from) parts.push(Uint8Array.from(chunk));
    return Buffer.concat(parts);
  };
}

export function referredBlobs(hasBlob: HasBlob): Interceptor<ServerCall> {
  return {
    name: "referred-blobs",
    scope: "core",
    run(binding) {
      const { method } = binding;
      const [contract = ""] = method.label.split(".");
      if (method.streaming || !contracts.has(contract)) return;
      binding.add({
        request(call, message) {
          const references = referencesIn(message);
          return references.length === 0 ? undefined : requireBlobs(hasBlob, call.namespace, references);
        },
      });
    },
  };
}

async function requireBlobs(
  hasBlob: HasBlob,
  namespace: string,
  references: readonly Reference[],
): Promise<void> {
  for (const { field, sha256 } of references) {
    if (await hasBlob(namespace, sha256)) continue;
    const blob = Buffer.from(sha256).toString("hex");
    const violations = [{ field, message: `expected a blob that exists, got none with the hash ${blob}` }];
    throw hostErrors.blobAbsent({ field, blob, namespace }, { violations });
  }
}

/** Returns all references of a message at any depth, each with the path of the field of its payload. */
function referencesIn(message: unknown): readonly Reference[] {
  const found: Reference[] = [];
  if (isObject(message)) collect(message, [], found);
  return found;
}

/**
 * Fields by their names, items by their index. Formatted only for a reference, because a message may have 100,000
 * objects.
 */
type Path = (string | number)[];

function collect(message: Members, path: Path, found: Reference[]): void {
  if (message instanceof Uint8Array) return;
  if (Array.isArray(message)) {
    for (let index = 0; index < message.length; index++) visit(message[index], index, path, found);
  } else {
    for (const name in message) visit(message[name], name, path, found);
  }
}

function visit(inner: unknown, name: string | number, path: Path, found: Reference[]): void {
  if (!isObject(inner)) return;
  const { $case, value } = inner;
  if ($case === "blob") {
    const sha256 = isObject(value) ? value["sha256"] : undefined;
    if (sha256 instanceof Uint8Array) found.push({ field: written(path), sha256 });
    return;
  }
  // The chosen case is the field, not the choice itself.
  const isChoice = typeof $case === "string";
  const next = isChoice ? value : inner;
  if (!isObject(next)) return;
  path.push(isChoice ? $case : name);
  collect(next, path, found);
  path.pop();
}

function written(path: Path): string {
  let text = "";
  for (const step of path) text += typeof step === "number" ? `[${step}]` : text === "" ? step : `.${step}`;
  return text;
}

interface Members {
  readonly [name: string]: unknown;
}

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null;
}
