/** Bytes that are there, as `Shell.writeBytes` takes them. */
export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes;
}
