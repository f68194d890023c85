/** Writes the prefix of the records of an instance. */
export function prefixBytes(
  writer: { uint32(value: number): unknown; string(value: string): unknown; finish(): Uint8Array },
  namespace: string,
  kind: string,
  id: string,
): Uint8Array {
  if (namespace !== "") {
    writer.uint32(10);
    writer.string(namespace);
  }
  writer.uint32(18);
  writer.string(kind);
  writer.uint32(26);
  writer.string(id);
  return writer.finish();
}
