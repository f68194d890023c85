export function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

export function jsonOf(bytes: Uint8Array): unknown {
  return bytes.length === 0 ? null : JSON.parse(new TextDecoder().decode(bytes));
}
