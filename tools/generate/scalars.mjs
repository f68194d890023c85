// The types that the tables of messages know beside messages and enums of ours. `libs/contracts/src/message/field.ts`
// says how they are written.
import { ScalarType } from "@bufbuild/protobuf";

/** What a table calls each scalar, its type in TypeScript, and what a message has that has none. */
export const scalars = new Map([
  [ScalarType.STRING, { name: "string", type: "string", empty: '""' }],
  [ScalarType.BYTES, { name: "bytes", type: "Uint8Array", empty: "nothing" }],
  [ScalarType.BOOL, { name: "bool", type: "boolean", empty: "false" }],
  ...["DOUBLE", "UINT32", "INT32", "SINT32", "INT64", "UINT64", "FIXED32"].map((name) => [
    ScalarType[name],
    { name: name.toLowerCase(), type: "number", empty: "0" },
  ]),
]);

/** Messages that are not ours. */
export const timestamp = "google.protobuf.Timestamp";
export const mask = "google.protobuf.FieldMask";
