/**
 * A stored preview: the runs one by one, and the action. It is a blob, and its token is the blob's name. So the token
 * identifies only this preview, any process can continue with it, and it expires by itself.
 */
import { BulkAction } from "@tutti/contracts/workflow/v1";
import { type Blobs, wholeBlob } from "@tutti/journal";
import * as z from "zod";
import { requestErrors } from "../../errors.ts";

export interface StoredPreview {
  readonly namespace: string;
  readonly createMs: number;
  readonly action: NonNullable<BulkAction["action"]>;
  readonly runIds: readonly string[];
  /** For a move: versions of children that differ. */
  readonly versions: Readonly<Record<string, string>>;
}

/** How long a preview can be applied. */
const appliedMs = 3_600_000;

const form = z.strictObject({
  kind: z.literal("bulk-preview"),
  namespace: z.string(),
  createMs: z.number(),
  action: z.unknown(),
  runIds: z.array(z.string()),
  versions: z.record(z.string(), z.string()).default({}),
});

export async function storePreview(blobs: Blobs, preview: StoredPreview): Promise<string> {
  const { namespace, createMs, action, runIds, versions } = preview;
  const stored = {
    kind: "bulk-preview",
    namespace,
    createMs,
    runIds,
    versions,
    action: BulkAction.toJSON(BulkAction.create({ action })),
  };
  const { sha256 } = await blobs.put(namespace, [Buffer.from(JSON.stringify(stored))]);
  return `a${Buffer.from(sha256).toString("base64url")}`;
}

/** Returns a preview. Throws `workflow.preview_over` if it is missing in this namespace, or expired. */
export async function readPreview(
  blobs: Blobs,
  namespace: string,
  token: string,
  nowMs: number,
): Promise<StoredPreview> {
  const read = form.safeParse(await documentOf(blobs, namespace, token));
  if (!read.success || read.data.namespace !== namespace) throw requestErrors.previewOver();
  const { createMs, runIds, versions } = read.data;
  const { action } = BulkAction.fromJSON(read.data.action);
  if (action === undefined || nowMs - createMs > appliedMs) throw requestErrors.previewOver();
  return { namespace, createMs, action, runIds, versions };
}

/** Returns undefined if the blob does not exist, or is no document. */
async function documentOf(blobs: Blobs, namespace: string, token: string): Promise<unknown> {
  // The leading letter is the version of the token's form.
  if (!/^a[\w-]{43}$/.test(token)) return undefined;
  const sha256 = Buffer.from(token.slice(1), "base64url");
  if ((await blobs.find(namespace, sha256)) === undefined) return undefined;
  const document = await wholeBlob(blobs, namespace, sha256);
  try {
    return JSON.parse(document.toString());
  } catch {
    return undefined;
  }
}
