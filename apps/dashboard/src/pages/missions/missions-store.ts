/** The missions of a list by their stream, the newest first. */
import type { Mission, WatchMissionsReply } from "@tutti/rest/types";
import { LiveStore } from "../../data/live-store.ts";

export interface MissionsKnown {
  readonly missions: readonly Mission[];
}

export class MissionsStore extends LiveStore<WatchMissionsReply, MissionsKnown> {
  readonly #missions = new Map<string, Mission>();

  constructor(later: (notify: () => void) => void) {
    super({ missions: [] }, later);
  }

  protected override reset(): void {
    this.#missions.clear();
  }

  protected override fold({ missions = [], removedIds = [] }: WatchMissionsReply): void {
    for (const mission of missions) this.#missions.set(mission.missionId, mission);
    for (const id of removedIds) this.#missions.delete(id);
  }

  protected override picture(): MissionsKnown {
    const newestFirst = (one: Mission, other: Mission) => (other.createTimeMs ?? 0) - (one.createTimeMs ?? 0);
    return { missions: [...this.#missions.values()].sort(newestFirst) };
  }
}
