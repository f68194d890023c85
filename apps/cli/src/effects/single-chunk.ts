/** Yields bytes once, in the form that `Shell.writeBytes` accepts. */
export async function* singleChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes;
}
