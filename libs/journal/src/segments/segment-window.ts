import { type DiskFile, readFully } from "../disk/disk.ts";
import { viewOf } from "./layout.ts";

/** Reads ahead by this much: fewer calls, while two windows are still no memory to speak of. */
const windowBytes = 1024 * 1024;

/** A part of a file in memory that moves along as it is asked for. What was handed out is overwritten when it moves. */
export class SegmentWindow {
  readonly #file: DiskFile;
  readonly bytes: number;
  #buffer = new Uint8Array(0);
  #from = 0;
  #has = 0;
  #view = viewOf(new Uint8Array(0));
  /** Up to where it is read ahead: what is behind may still be written, and would be old when it is asked for. */
  aheadTo: number;

  constructor(file: DiskFile) {
    this.#file = file;
    this.bytes = file.bytes;
    this.aheadTo = file.bytes;
  }

  /** So many bytes from an offset. Zeros beyond the end of the file. */
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
    const wanted = Math.max(length, Math.min(windowBytes, this.aheadTo - offset));
    if (this.#buffer.length < wanted) this.#buffer = new Uint8Array(wanted);
    readFully(this.#file, this.#buffer.subarray(0, wanted), offset);
    this.#from = offset;
    this.#has = wanted;
  }
}
