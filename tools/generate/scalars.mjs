// The types in the tables of messages, in addition to our messages and enums. `libs/contracts/src/message/field.ts`
// writes them.
import { ScalarType } from "@bufbuild/protobuf";

/** Name of each scalar in a table, its TypeScript type, and its empty value. */
export const scalars = new Map([
  [ScalarType.STRING, { name: "string", type: "string", empty: '""' }],
  [ScalarType.BYTES, { name: "bytes", type: "Uint8Array", empty: "nothing" }],
  [ScalarType.BOOL, { name: "bool", type: "boolean", empty: "false" }],
  ...["DOUBLE", "UINT32", "INT32", "SINT32", "INT64", "UINT64", "FIXED32"].map((name) => [
    ScalarType[name],
    { name: name.toLowerCase(), type: "number", empty: "0" },
  ]),
]);

/** Messages of protobuf itself. */
export const timestamp = "google.protobuf.Timestamp";
export const mask = "google.protobuf.FieldMask";
