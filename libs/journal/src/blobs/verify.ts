import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { decodeMention, mentionerOf, nameOf } from "./names.ts";
import { blobName, throughIn } from "./sweeping.ts";

/** Result of checking a directory of blobs that does not change meanwhile. Problems are sentences with their places. */
export interface BlobVerification {
  readonly damaged: readonly string[];
  /** Mentioned, but missing. */
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

/** Returns the name of the mentioned blob. Undefined if the file's content does not match its name. */
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
