/** Yields bytes once, in the form that `Shell.writeBytes` accepts. */
export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes;
}
