/**
 * Gives handlers access to the missions of their tasks. The client is opened on first use: most workers never need
 * it.
 */
import type { connect as connectType } from "../client/connect.ts";
import type { MissionTaskContext } from "../client/missions/mission-task.ts";
import type { Tutti } from "../client/tutti.ts";
import { sdkErrors } from "../errors.ts";
import { isEncrypted, type WorkerSettings } from "./settings.ts";

/** A task of a mission, and its attempt. */
export interface TaskOfMission {
  readonly namespace: string;
  readonly missionId: string;
  readonly taskId: string;
  readonly agentId: string;
}

export class WorkerMissions {
  readonly #settings: WorkerSettings;
  readonly #connections = new Map<string, Promise<Tutti>>();

  constructor(settings: WorkerSettings) {
    this.#settings = settings;
  }

  async open({ namespace, missionId, taskId, agentId }: TaskOfMission): Promise<MissionTaskContext> {
    const tutti = await this.#connection(namespace);
    const { MissionTaskContext } = await import("../client/missions/mission-task.ts");
    return MissionTaskContext.join(tutti.missions.get(missionId), {
      taskId,
      agentId,
      pool: this.#settings.pool,
    });
  }

  async close(): Promise<void> {
    const open = [...this.#connections.values()];
    this.#connections.clear();
    for (const connection of open) await (await connection).close();
  }

  #connection(namespace: string): Promise<Tutti> {
    const { addresses, credentials, connect } = this.#settings;
    if (connect === undefined && isEncrypted(credentials)) {
      const expected = "a function that opens a client with a certificate, since the link has one";
      throw sdkErrors.optionInvalid({ option: "connect", expected, found: "none" });
    }
    let connection = this.#connections.get(namespace);
    if (connection === undefined) {
      const opened = connect === undefined ? loadedConnect() : Promise.resolve(connect);
      connection = opened.then((open) => open({ address: addresses, namespace }));
      this.#connections.set(namespace, connection);
      connection.catch(() => this.#connections.delete(namespace));
    }
    return connection;
  }
}

/**
 * Name of the module, hidden from bundlers. A client is several times as large as a worker, and most workers never open
 * one. A bundle that needs it sets the option `connect`.
 */
const client = ["@tutti", "sdk", "client"].join("/");

async function loadedConnect(): Promise<typeof connectType> {
  try {
    // The cast is safe because it is the library's own module.
    return ((await import(client)) as { readonly connect: typeof connectType }).connect;
  } catch {
    const expected = "`connect` of @tutti/sdk/client, since this program is a bundle without it";
    throw sdkErrors.optionInvalid({ option: "connect", expected, found: "none" });
  }
}
