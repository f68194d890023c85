/** Batches as bytes: for code that reads journals and keeps none. */
export { RecordScanner } from "../records/record-scanner.ts";
export { encodeBatch } from "./encode.ts";
export { hashOfBatch } from "./hash.ts";
export { type Header, readHeader } from "./header.ts";
