/**
 * What a container has printed, as engines give it: pieces of both of its streams, each behind eight bytes that say of
 * which stream it is and how long.
 */

const headBytes = 8;
const lineMax = 4_096;

export function linesIn(bytes: Buffer): readonly string[] {
  const streams = new Map<number, string>();
  const lines: string[] = [];
  for (let at = 0; at + headBytes <= bytes.length; ) {
    const stream = bytes[at] ?? 0;
    const end = at + headBytes + bytes.readUInt32BE(at + 4);
    const text = (streams.get(stream) ?? "") + bytes.toString("utf8", at + headBytes, end);
    const whole = text.split("\n");
    streams.set(stream, whole.pop() ?? "");
    lines.push(...whole);
    at = end;
  }
  lines.push(...streams.values());
  return lines.map((line) => line.trimEnd().slice(0, lineMax)).filter((line) => line !== "");
}
