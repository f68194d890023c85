/**
 * The sockets to the collector. OpenTelemetry's exporter answers a lost connection with pauses of up to five seconds
 * that nothing can end, and an exporter must never keep a process that wants to stop.
 *
 * 1. A connection that cannot be made is a failure at once: the next batch, a second later, is the repetition.
 * 2. After `end`, requests under way fail, and no connection is made.
 */
import type { Agent } from "node:http";

export class CollectorAgents {
  readonly #agents: Agent[] = [];
  #ended = false;

  /** Makes the agent for `http:` or `https:`. */
  readonly make = async (protocol: string): Promise<Agent> => {
    const { Agent } = protocol === "https:" ? await import("node:https") : await import("node:http");
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    const connect = agent.createConnection.bind(agent);
    agent.createConnection = (options, callback) => {
      if (this.#ended) throw new Error("telemetry has stopped");
      const socket = connect(options, callback);
      socket?.prependListener("error", makeFinal);
      return socket;
    };
    this.#agents.push(agent);
    return agent;
  };

  end(): void {
    this.#ended = true;
    for (const agent of this.#agents) {
      // Destroyed without an error, a socket would look like a connection that was lost, and be tried again.
      const busy = Object.values(agent.sockets).flatMap((sockets) => sockets ?? []);
      for (const socket of busy) socket.destroy(new Error("telemetry has stopped"));
      agent.destroy();
    }
  }
}

/** The exporter knows by the code what it would try again. */
function makeFinal(error: Error & { code?: string | undefined }): void {
  if (error.message === "") error.message = error.code ?? error.name;
  error.code = undefined;
}
