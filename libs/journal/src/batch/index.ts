/** Batches as bytes, for code that reads journals without storing any. */
export { RecordScanner } from "../records/record-scanner.ts";
export { encodeBatch } from "./encode.ts";
export { hashOfBatch } from "./hash.ts";
export { type Header, readHeader } from "./header.ts";
