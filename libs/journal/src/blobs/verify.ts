import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { decodeMention, mentionerOf, nameOf } from "./names.ts";
import { blobName, throughIn } from "./sweeping.ts";

/** What was found in a directory of blobs that does not change meanwhile. Sentences with their places. */
export interface BlobVerification {
  readonly damaged: readonly string[];
  /** Named, and not there. */
  readonly missing: readonly string[];
}

/** Checks each blob against its hash, and each mention against its name. */
export function verifyBlobs(directory: string): BlobVerification {
  const damaged: string[] = [];
  const missing: string[] = [];
  for (const file of filesIn(join(directory, "content"))) {
    const [hash] = basename(file).split(".");
    const found = createHash("sha256").update(readFileSync(file)).digest("hex");
    if (found !== hash) damaged.push(`The blob ${file} is not as it was written: its hash is ${found}.`);
  }
  for (const file of filesIn(join(directory, "mentions"))) {
    const mentioned = mentionedIn(file);
    if (mentioned === undefined) damaged.push(`${file} is not as it was written: it names a blob.`);
    else if (!existsSync(join(directory, "content", mentioned.slice(0, 2), mentioned)))
      missing.push(`The blob ${mentioned} is named by ${file}, and is not there.`);
  }
  for (const file of filesIn(join(directory, "through")))
    if (!(throughIn(basename(file), readFileSync(file)).throughMs > 0))
      damaged.push(`${file} is not as it was written: it has a moment.`);
  return { damaged, missing };
}

/** Name of the blob. Undefined where the mention is not one of this name. */
function mentionedIn(file: string): string | undefined {
  try {
    const mention = decodeMention(readFileSync(file));
    const name = nameOf(mention.sha256);
    return basename(file) === `${name}.${mentionerOf(mention)}`
      ? blobName(mention.namespace, name)
      : undefined;
  } catch {
    return;
  }
}

function filesIn(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
