import { type DiskFile, readFully } from "../disk/disk.ts";
import { viewOf } from "./layout.ts";

/** Bytes read ahead: fewer calls, with little memory for two windows. */
const windowBytes = 1024 * 1024;

/** A part of a file in memory that moves with the requests. A returned part is overwritten when the window moves. */
export class SegmentWindow {
  readonly #file: DiskFile;
  readonly bytes: number;
  #buffer = new Uint8Array(0);
  #from = 0;
  #has = 0;
  #view = viewOf(new Uint8Array(0));
  /** Bound of reading ahead: data behind it may still be written, and would be outdated when it is requested. */
  aheadTo: number;

  constructor(file: DiskFile) {
    this.#file = file;
    this.bytes = file.bytes;
    this.aheadTo = file.bytes;
  }

  /** Returns `length` bytes from an offset. Zeros beyond the end of the file. */
  at(offset: number, length: number): Uint8Array {
    if (offset < this.#from || offset + length > this.#from + this.#has) this.#move(offset, length);
    const bytes = this.#buffer.subarray(offset - this.#from, offset - this.#from + length);
    this.#view = viewOf(bytes);
    return bytes;
  }

  /** A view on what `at` returned last. */
  get view(): DataView {
    return this.#view;
  }

  #move(offset: number, length: number): void {
    const size = Math.max(length, Math.min(windowBytes, this.aheadTo - offset));
    if (this.#buffer.length < size) this.#buffer = new Uint8Array(size);
    readFully(this.#file, this.#buffer.subarray(0, size), offset);
    this.#from = offset;
    this.#has = size;
  }
}
