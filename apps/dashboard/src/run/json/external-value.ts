/** Values that are no plain JSON: content that is kept apart, and bytes of another kind. */
import { parseExactly } from "@tutti/expressions";

export type ExternalValue =
  | { readonly kind: "blob"; readonly sha256: string; readonly size: number; readonly mediaType: string }
  | { readonly kind: "bytes"; readonly base64: string; readonly mediaType: string };

const jsonType = "application/json";

/** Undefined for an inline value. */
export function externalValueOf(value: unknown): ExternalValue | undefined {
  if (!isRecord(value)) return undefined;
  const mediaType = typeof value["mediaType"] === "string" ? value["mediaType"] : "";
  const { $blob: blob, $bytes: base64 } = value;
  if (typeof base64 === "string")
    return { kind: "bytes", base64, mediaType: mediaType || "application/octet-stream" };
  if (!isRecord(blob) || typeof blob["sha256"] !== "string") return undefined;
  const size = typeof blob["size"] === "number" ? blob["size"] : 0;
  return { kind: "blob", sha256: blob["sha256"], size, mediaType: mediaType || jsonType };
}

export interface FileWithin {
  /** Path of the reference: `pages.0.scan`. */
  readonly name: string;
  readonly file: ExternalValue & { readonly kind: "blob" };
}

/** Files that a value refers to, at most 100. */
export function filesWithin(value: unknown, name = "", found: FileWithin[] = []): readonly FileWithin[] {
  if (typeof value !== "object" || value === null || found.length >= filesMax) return found;
  const file = externalValueOf(value);
  if (file?.kind === "blob") found.push({ name, file });
  else
    for (const [key, inner] of Object.entries(value))
      filesWithin(inner, name === "" ? key : `${name}.${key}`, found);
  return found;
}

const filesMax = 100;

/** Larger content is for a file, not for a page. */
export const displayedBytesMax = 8 * 1_024 * 1_024;

export function isDisplayable({
  size,
  mediaType,
}: {
  readonly size: number;
  readonly mediaType: string;
}): boolean {
  return size <= displayedBytesMax && /json|^text\/|xml/.test(mediaType);
}

/** Content as it is shown: JSON as its value, anything else as its text. */
export function contentOf(text: string, mediaType: string): unknown {
  if (!mediaType.includes("json")) return text;
  try {
    return parseExactly(text);
  } catch {
    return text;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
