/** Returns a token as text, for keys. */
export function keyOf(token: Uint8Array): string {
  return Buffer.from(token.buffer, token.byteOffset, token.length).toString("hex");
}

export function tokenOf(key: string): Uint8Array {
  return Uint8Array.from(Buffer.from(key, "hex"));
}

/** Returns the token that a sender gives its nth attempt. */
export function tokenOfAttempt(number: number): Uint8Array {
  const token = new Uint8Array(16);
  new DataView(token.buffer).setUint32(0, number);
  return token;
}
