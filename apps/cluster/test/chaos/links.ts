/** Lines between processes of one machine that can be cut and slowed. Each listens in place of a port and forwards. */
import { randomInt } from "node:crypto";
import { connect, createServer, type Server, type Socket } from "node:net";
import { portsOfProcess } from "./callers.ts";

const host = "127.0.0.1";

/** The condition of a line: sound, cut without a report to its ends, or slow. */
export type Condition =
  | { readonly kind: "sound" }
  | { readonly kind: "cut" }
  | { readonly kind: "slow"; readonly ms: number };

const sound: Condition = { kind: "sound" };

/**
 * A line to one port.
 *
 * 1. A cut line accepts connections and delivers nothing, like a network that loses packets. A waiting caller needs a
 *    timeout. Data in transit at the cut arrives in order after the repair.
 * 2. A cut for one process does not affect the connections of others.
 */
export class Line {
  readonly port: number;
  readonly #server: Server;
  readonly #passages = new Set<Passage>();
  #condition: Condition = sound;
  #cutPid: number | undefined;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** Creates a line to a port. */
  static async to(target: number): Promise<Line> {
    for (;;) {
      // Below the ports that the system assigns, because some of those are reserved for members that do not listen yet.
      const port = randomInt(10_000, 30_000);
      const server = createServer({ pauseOnConnect: true });
      const { promise, resolve } = Promise.withResolvers<boolean>();
      server.once("error", () => resolve(false)).listen(port, host, () => resolve(true));
      if (!(await promise)) continue;
      const line = new Line(server, port);
      server.on("connection", (client) => void line.#join(client, target));
      return line;
    }
  }

  become(condition: Condition): void {
    this.#condition = condition;
    for (const passage of this.#passages) passage.become(condition);
  }

  /** Cuts the line for the connections of one process. For all others it stays as it is. */
  async cutFor(pid: number): Promise<void> {
    this.#cutPid = pid;
    const ports = await portsOfProcess(pid);
    for (const passage of this.#passages) if (ports.has(passage.callerPort)) passage.become({ kind: "cut" });
  }

  repair(): void {
    this.#cutPid = undefined;
    this.become(sound);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const passage of this.#passages) passage.destroy();
    await closed;
  }

  async #join(client: Socket, target: number): Promise<void> {
    const upstream = connect(target, host);
    const passage = new Passage(client, upstream, this.#condition);
    this.#passages.add(passage);
    // Both ends must close. A close that one end missed during the cut arrives after the repair.
    for (const socket of [client, upstream])
      socket.once("close", () => client.closed && upstream.closed && this.#passages.delete(passage));
    if (this.#cutPid !== undefined) {
      const ports = await portsOfProcess(this.#cutPid);
      if (this.#cutPid !== undefined && ports.has(passage.callerPort)) passage.become({ kind: "cut" });
    }
    client.resume();
  }
}

/** One connection over a line. */
class Passage {
  readonly callerPort: number;
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #blocked = new Set<() => void>();
  #condition: Condition;

  constructor(client: Socket, upstream: Socket, condition: Condition) {
    this.callerPort = client.remotePort ?? 0;
    this.#client = client;
    this.#upstream = upstream;
    this.#condition = condition;
    for (const socket of [client, upstream]) socket.setNoDelay(true);
    this.#pass(client, upstream);
    this.#pass(upstream, client);
  }

  become(condition: Condition): void {
    this.#condition = condition;
    if (condition.kind === "cut") return;
    for (const resume of this.#blocked) resume();
    this.#blocked.clear();
  }

  destroy(): void {
    this.#client.destroy();
    this.#upstream.destroy();
  }

  #pass(from: Socket, to: Socket): void {
    let last: Promise<void> = Promise.resolve();
    const later = (act: () => void): void => {
      from.pause();
      last = last
        .then(() => this.#through())
        .then(act)
        .then(() => void from.resume());
    };
    from.on("data", (bytes) => later(() => to.write(bytes)));
    from.once("end", () => later(() => to.end()));
    from.once("error", () => later(() => to.destroy()));
    from.once("close", () => later(() => to.destroy()));
  }

  /** Resolves when the data that has just arrived may pass. */
  #through(): Promise<void> {
    const condition = this.#condition;
    if (condition.kind === "sound") return Promise.resolve();
    return new Promise((resolve) => {
      if (condition.kind === "cut") this.#blocked.add(resolve);
      else setTimeout(resolve, condition.ms);
    });
  }
}
