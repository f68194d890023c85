/** The way of handlers to the missions that their tasks belong to. Opened by the first that asks: most never do. */
import type { MissionTask } from "../client/missions/at-work.ts";
import type { Tutti } from "../client/tutti.ts";
import { sdkErrors } from "../errors.ts";
import { isEncrypted, type WorkerSettings } from "./settings.ts";

/** Which task of which mission, and whose attempt it is. */
export interface TaskOfMission {
  readonly namespace: string;
  readonly missionId: string;
  readonly taskId: string;
  readonly agentId: string;
}

export class MissionDesk {
  readonly #settings: WorkerSettings;
  readonly #connections = new Map<string, Promise<Tutti>>();

  constructor(settings: WorkerSettings) {
    this.#settings = settings;
  }

  async open({ namespace, missionId, taskId, agentId }: TaskOfMission): Promise<MissionTask> {
    const tutti = await this.#connection(namespace);
    const { MissionTask } = await import("../client/missions/at-work.ts");
    return MissionTask.join(tutti.missions.get(missionId), { taskId, agentId, pool: this.#settings.pool });
  }

  async close(): Promise<void> {
    const open = [...this.#connections.values()];
    this.#connections.clear();
    for (const connection of open) await (await connection).close();
  }

  #connection(namespace: string): Promise<Tutti> {
    const { addresses, credentials } = this.#settings;
    if (isEncrypted(credentials)) {
      const expected = "a link without encryption, or a client of your own: connect(…).missions.get(id)";
      throw sdkErrors.optionInvalid({ option: "credentials", expected, found: "a certificate" });
    }
    let connection = this.#connections.get(namespace);
    if (connection === undefined) {
      connection = import("../client/connect.ts").then(({ connect }) =>
        connect({ address: addresses, namespace }),
      );
      this.#connections.set(namespace, connection);
    }
    return connection;
  }
}
