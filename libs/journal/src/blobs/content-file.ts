/**
 * The content of one blob as a file.
 *
 * Content beyond the first mebibyte bypasses the page cache (`O_DIRECT`) if the file system supports that: a large file
 * is written once and read once, and would evict needed pages.
 *
 * 1. The hash is that of all bytes that were written, in their order.
 * 2. A buffer is not changed while it is written, and not used while it is read into.
 * 3. Address, place and length of direct I/O are multiples of 4 KiB. The rest of a file goes through the page cache.
 */
import { createHash } from "node:crypto";
import { constants, readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { assert, privateModes } from "@tutti/kernel";
import type { Blob, BlobContent } from "./port.ts";

const bufferBytes = 1_048_576;
const alignmentBytes = 4_096;
/** Buffers of malloc are aligned to it. */
const stepBytes = 16;
/** Size of the parts for readers. Larger parts cost a page fault for each 4 KiB. */
const partBytes = 262_144;
const freeMax = 6;

/**
 * Free aligned buffers by device. An aligned buffer stays aligned, because it does not move. A device may need less
 * alignment than another: a tmpfs needs none.
 */
const freeBuffers = new Map<number, Buffer[]>();

/** Writes all of the content and syncs it. `nowSeconds` is the time of change of the file. */
export async function writeContent(
  path: string,
  content: BlobContent,
  nowSeconds: () => number,
): Promise<Blob> {
  const file = await open(path, "wx", privateModes.file);
  const writer = new ContentWriter(path, file);
  try {
    for await (const part of content) await writer.add(part);
    const blob = await writer.finish();
    await file.utimes(nowSeconds(), nowSeconds());
    await file.sync();
    return blob;
  } finally {
    await writer.close();
    await file.close();
  }
}

/**
 * Reads all of the content. Each part may be used until the next one is requested. `check` gets the hash before the
 * last part is returned.
 */
export async function* readContent(
  path: string,
  file: FileHandle,
  check: (sha256: Buffer) => void,
): AsyncGenerator<Uint8Array, void> {
  const { size } = await file.stat();
  const direct = size > bufferBytes ? await DirectFile.open(path, constants.O_RDONLY, 3) : undefined;
  const hash = createHash("sha256");
  let before: Uint8Array | undefined;
  try {
    for await (const part of direct === undefined ? throughCache(file) : pastCache(direct, size)) {
      if (before !== undefined) yield before;
      before = part;
      hash.update(part);
    }
    check(hash.digest());
    if (before !== undefined) yield before;
  } finally {
    // The last part is in one of its buffers, which the next reader gets.
    await direct?.close();
  }
}

class ContentWriter {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #hash = createHash("sha256");
  #direct: DirectFile | undefined = undefined;
  #size = 0;

  constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  async add(part: Uint8Array): Promise<void> {
    for (let at = 0; at < part.length; ) {
      const some = part.subarray(at, at + bufferBytes - (this.#size % bufferBytes));
      if (this.#size === bufferBytes) this.#direct = await DirectFile.open(this.#path, constants.O_RDWR, 2);
      if (this.#direct === undefined) await this.#write(some, this.#size);
      else await this.#fill(this.#direct, some);
      this.#size += some.length;
      at += some.length;
    }
  }

  async finish(): Promise<Blob> {
    if (this.#direct !== undefined) {
      await this.#direct.settled();
      const rest = this.#direct.buffer.subarray(0, this.#size % bufferBytes);
      await this.#write(rest, this.#size - rest.length);
    }
    return { sha256: Uint8Array.from(this.#hash.digest()), size: this.#size };
  }

  async close(): Promise<void> {
    await this.#direct?.close();
  }

  async #fill(direct: DirectFile, some: Uint8Array): Promise<void> {
    const { buffer } = direct;
    const filled = this.#size % bufferBytes;
    buffer.set(some, filled);
    if (filled + some.length < bufferBytes) return;
    await direct.settled();
    direct.write(this.#size - filled);
    // Hashed while it is written.
    this.#hash.update(buffer);
  }

  async #write(some: Uint8Array, place: number): Promise<void> {
    this.#hash.update(some);
    for (let done = 0; done < some.length; )
      done += (await this.#file.write(some, done, some.length - done, place + done)).bytesWritten;
  }
}

/** A file that bypasses the page cache. Its buffers rotate: some are used while another one is in progress. */
class DirectFile {
  readonly #file: FileHandle;
  readonly #buffers: readonly Buffer[];
  readonly #free: Buffer[];
  #turn = 0;
  #pending: Promise<unknown> = Promise.resolve();

  /** Undefined if the system, or the file system, has no direct I/O. The file has at least 4 KiB. */
  static async open(path: string, access: number, count: number): Promise<DirectFile | undefined> {
    const { O_DIRECT } = constants;
    if (O_DIRECT === undefined) return undefined;
    const file = await open(path, access | O_DIRECT).catch(() => undefined);
    if (file === undefined) return undefined;
    const { dev } = await file.stat();
    const free = freeBuffers.get(dev) ?? [];
    freeBuffers.set(dev, free);
    const buffers: Buffer[] = [];
    for (let number = 0; number < count; number++) {
      const buffer = free.pop() ?? alignedBuffer(file);
      if (buffer !== undefined) buffers.push(buffer);
    }
    const direct = new DirectFile(file, buffers, free);
    if (buffers.length === count) return direct;
    await direct.close();
    return undefined;
  }

  private constructor(file: FileHandle, buffers: readonly Buffer[], free: Buffer[]) {
    this.#file = file;
    this.#buffers = buffers;
    this.#free = free;
  }

  /** The next buffer in turn. */
  get buffer(): Buffer {
    const buffer = this.#buffers[this.#turn];
    assert(buffer !== undefined, "an open file has buffers");
    return buffer;
  }

  /** Starts to write the buffer. */
  write(place: number): void {
    const writing = async (): Promise<void> => {
      const { buffer } = this;
      // A nearly full disk takes a part. The write of the rest has the reason.
      for (let at = 0; at < bufferBytes; ) {
        const { bytesWritten } = await this.#file.write(buffer, at, bufferBytes - at, place + at);
        if (bytesWritten === 0) throw new Error(`only ${at} of ${bufferBytes} bytes were written`);
        at += bytesWritten;
      }
    };
    this.#start(writing());
  }

  /** Starts to read into the buffer. Resolves with the bytes. */
  read(place: number): Promise<Uint8Array> {
    const reading = async (): Promise<Uint8Array> => {
      const { bytesRead, buffer } = await this.#file.read(this.buffer, 0, bufferBytes, place);
      return buffer.subarray(0, bytesRead);
    };
    return this.#start(reading());
  }

  /** Resolves when nothing is in progress. */
  async settled(): Promise<void> {
    await this.#pending;
  }

  async close(): Promise<void> {
    // The system may still use a buffer in progress.
    await this.#pending.catch(() => {});
    await this.#file.close();
    for (const buffer of this.#buffers) if (this.#free.length < freeMax) this.#free.push(buffer);
  }

  #start<T>(operation: Promise<T>): Promise<T> {
    operation.catch(() => {});
    this.#pending = operation;
    this.#turn = (this.#turn + 1) % this.#buffers.length;
    return operation;
  }
}

/** A part may be used until the part after the next one is requested. */
async function* pastCache(direct: DirectFile, size: number): AsyncGenerator<Uint8Array, void> {
  let reading = direct.read(0);
  for (let place = 0; place < size; ) {
    const read = await reading;
    if (read.length === 0) return;
    place += read.length;
    if (read.length < bufferBytes) size = place;
    // Reads into the buffer of the part two before: three buffers rotate.
    if (place < size) reading = direct.read(place);
    yield read;
  }
}

async function* throughCache(file: FileHandle): AsyncGenerator<Uint8Array, void> {
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(partBytes), 0, partBytes);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Node does not expose the address of a buffer, but a read refuses a buffer that is not aligned. */
function alignedBuffer({ fd }: FileHandle): Buffer | undefined {
  const memory = Buffer.allocUnsafeSlow(bufferBytes + alignmentBytes);
  for (let at = 0; at < alignmentBytes; at += stepBytes) {
    try {
      readSync(fd, memory, at, alignmentBytes, 0);
      return memory.subarray(at, at + bufferBytes);
    } catch {
      // The next place may be aligned.
    }
  }
  return undefined;
}
