/** Raw requests, as an attacker would send them: no client normalizes the address. */
import { connect } from "node:net";
import { text } from "node:stream/consumers";

/** A response that does not end within this time is a stream. The part received so far is sufficient. */
const streamMs = 5_000;

/** Sends the bytes on a separate connection, and returns the status and the response. */
export async function requestRaw(port: number, message: string): Promise<{ status: number; answer: string }> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.setTimeout(streamMs, () => socket.push(null));
  socket.write(message, "latin1");
  const answer = await text(socket);
  socket.destroy();
  return { status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1]), answer };
}

export function requestOf(method: string, address: string, headers: readonly string[] = ["Host: a"]): string {
  return `${[`${method} ${address} HTTP/1.1`, ...headers, "Connection: close", "Content-Length: 0"].join("\r\n")}\r\n\r\n`;
}

/** Returns other spellings of an address. Some routers treat each of them as the address itself. */
export function spellingsOf(path: string): readonly string[] {
  const escaped = (at: number, prefix = "%") =>
    `${path.slice(0, at)}${prefix}${path.charCodeAt(at).toString(16)}${path.slice(at + 1)}`;
  return [
    escaped(1),
    escaped(2),
    escaped(path.length - 1),
    escaped(1, "%25"),
    escaped(1).toUpperCase(),
    path.replaceAll(/[a-z]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
    path.replaceAll("/", "%2f"),
    path.replaceAll("/", "\\"),
    path.replace("/v1/", "/v1%2F"),
    path.replace("/v1/", "/v1//"),
    `/${path}`,
    `/.${path}`,
    `/x/..${path}`,
    `http://x${path}`,
    `HTTP://x${escaped(1)}`,
    path.toUpperCase(),
    `${path};a=b`,
    `${path}/`,
    `${path}.`,
    `${path}%00`,
    `${path}%20`,
    `${path}#x`,
    path.slice(1),
  ];
}
