/** A NATS client that speaks the text protocol over a socket, independent of Tutti. */
import { once } from "node:events";
import { connect } from "node:net";

interface ReceivedMessage {
  readonly subject: string;
  /** The headers of a CloudEvent in binary form, without `ce-`. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Its payload. */
  readonly text: string;
}

interface PlainNats extends Disposable {
  readonly received: readonly ReceivedMessage[];
}

const end = "\r\n";

/** Subscribes to a subject. */
export async function plainNats(address: string, subject: string): Promise<PlainNats> {
  const { hostname, port } = new URL(address);
  const socket = connect(Number(port), hostname);
  const received: ReceivedMessage[] = [];
  let bytes = Buffer.alloc(0);
  const isHearing = Promise.withResolvers<void>();
  /** Parses one complete message. False if it needs more bytes. */
  const parseOne = (): boolean => {
    const lineEnd = bytes.indexOf(end);
    if (lineEnd < 0) return false;
    const fields = bytes.toString("utf8", 0, lineEnd).split(" ");
    const [verb = "", about = ""] = fields;
    const isMessage = verb === "HMSG" || verb === "MSG";
    const from = lineEnd + end.length;
    const size = isMessage ? Number(fields.at(-1)) + end.length : 0;
    if (bytes.length < from + size) return false;
    const headerSize = verb === "HMSG" ? Number(fields.at(-2)) : 0;
    if (isMessage) {
      const attributes = attributesIn(bytes.toString("utf8", from, from + headerSize));
      const text = bytes.toString("utf8", from + headerSize, from + size - end.length);
      received.push({ subject: about, attributes, text });
    }
    if (verb === "PING") socket.write(`PONG${end}`);
    if (verb === "PONG") isHearing.resolve();
    bytes = bytes.subarray(from + size);
    return true;
  };
  socket.on("data", (more) => {
    bytes = Buffer.concat([bytes, more]);
    while (parseOne());
  });
  socket.on("error", isHearing.reject);
  await once(socket, "connect");
  socket.write(`CONNECT {"headers":true,"verbose":false}${end}SUB ${subject} 1${end}PING${end}`);
  await isHearing.promise;
  return { received, [Symbol.dispose]: () => socket.destroy() };
}

function attributesIn(header: string): Record<string, string> {
  const pairs = header.split(end).flatMap((line) => {
    const [, name, value] = /^ce-([a-z]+): (.*)$/i.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name.toLowerCase(), value] as const];
  });
  return Object.fromEntries(pairs);
}
