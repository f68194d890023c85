/** Lines between processes of one machine that can be cut and slowed: each listens in the place of a port, and passes on. */
import { randomInt } from "node:crypto";
import { connect, createServer, type Server, type Socket } from "node:net";

const host = "127.0.0.1";

/** How a line is: as it should be; nothing comes through and nobody is told; everything comes late. */
export type Condition =
  | { readonly kind: "sound" }
  | { readonly kind: "cut" }
  | { readonly kind: "slow"; readonly ms: number };

const sound: Condition = { kind: "sound" };

/**
 * A line to one port.
 *
 * 1. Cut, it takes connections and answers nothing, as a network does that loses packets: who waits has to give up by
 *    himself. What was on its way when it was cut arrives when it is mended, in its order.
 */
export class Line {
  readonly port: number;
  readonly #server: Server;
  readonly #held = new Set<() => void>();
  readonly #sockets = new Set<Socket>();
  #condition: Condition = sound;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** @param target where it leads to */
  static async to(target: number): Promise<Line> {
    for (;;) {
      // Below those that the system gives away: members have been promised some of these and do not listen yet.
      const port = randomInt(10_000, 30_000);
      const server = createServer();
      const { promise, resolve } = Promise.withResolvers<boolean>();
      server.once("error", () => resolve(false)).listen(port, host, () => resolve(true));
      if (!(await promise)) continue;
      const line = new Line(server, port);
      server.on("connection", (near) => line.#join(near, target));
      return line;
    }
  }

  become(condition: Condition): void {
    this.#condition = condition;
    if (condition.kind === "cut") return;
    for (const go of this.#held) go();
    this.#held.clear();
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(near: Socket, target: number): void {
    const far = connect(target, host);
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    }
    this.#pass(near, far);
    this.#pass(far, near);
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

  /** Resolves when what arrived now is through. */
  #through(): Promise<void> {
    const condition = this.#condition;
    if (condition.kind === "sound") return Promise.resolve();
    return new Promise((resolve) => {
      if (condition.kind === "cut") this.#held.add(resolve);
      else setTimeout(resolve, condition.ms);
    });
  }
}
