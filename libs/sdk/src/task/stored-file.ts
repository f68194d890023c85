/** Content in the blob store that a task receives or returns: a file, an image, an archive. */
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { BlobReference, Payload } from "@tutti/contracts/types/v1";
import { type BlobAccess, readAll } from "../link/blobs.ts";

/** A file within JSON, as REST shows it. It is kept as long as a run refers to it. */
export type FileReference = {
  readonly $blob: { readonly sha256: string; readonly size: number };
  readonly mediaType: string;
};

export class StoredFile {
  readonly mediaType: string;
  readonly size: number;
  readonly #reference: BlobReference;
  readonly #namespace: string;
  readonly #blobs: Pick<BlobAccess, "read">;

  constructor(
    reference: BlobReference,
    mediaType: string,
    namespace: string,
    blobs: Pick<BlobAccess, "read">,
  ) {
    this.#reference = reference;
    this.#namespace = namespace;
    this.#blobs = blobs;
    this.mediaType = mediaType;
    this.size = reference.size;
  }

  /** SHA-256 of the content, in hexadecimal digits. */
  get sha256(): string {
    return Buffer.from(this.#reference.sha256).toString("hex");
  }

  /** The content in parts, as it is read. */
  stream(): AsyncIterable<Uint8Array> {
    const { sha256, size } = this.#reference;
    return this.#blobs.read({ namespace: this.#namespace, sha256, bytes: size });
  }

  bytes(): Promise<Uint8Array> {
    return readAll(this.stream());
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  /** Writes the content to a file. */
  async save(path: string): Promise<void> {
    await pipeline(Readable.from(this.stream(), { objectMode: false }), createWriteStream(path));
  }

  /** As contracts carry it. */
  get payload(): Payload {
    return { body: { $case: "blob", value: this.#reference }, mediaType: this.mediaType };
  }

  /** As REST shows it. */
  toJSON(): FileReference {
    return { $blob: { sha256: this.sha256, size: this.size }, mediaType: this.mediaType };
  }
}
