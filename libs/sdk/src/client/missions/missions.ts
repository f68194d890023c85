/** Missions of an installation: started, found again, listed. */
import { type Mission, MissionFilter, StartMissionRequest } from "@tutti/contracts/swarm/v1";
import { LabelSelector, type WorkStatus } from "@tutti/contracts/types/v1";
import { sdkErrors } from "../../errors.ts";
import { flag, labels, type OptionNames, requireKnown, text } from "../../options.ts";
import { statusCheck, statusNumbers, type WorkState } from "../handle.ts";
import { pagesOfLines } from "../work/paging.ts";
import { namesOfStart } from "../work/start-names.ts";
import { MissionHandle } from "./mission.ts";
import type { MissionParts } from "./parts.ts";
import { type MissionOptions, missionSpecOf } from "./spec.ts";

export interface FindMissionsOptions {
  /** As words, such as `failed`, or as numbers of the contract. */
  readonly statuses?: readonly (WorkState | WorkStatus)[];
  /** Labels that must have exactly these values. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Whose id, title or labels have this text. */
  readonly text?: string;
  readonly oldestFirst?: boolean;
}

const findNames: OptionNames<FindMissionsOptions> = {
  statuses: [statusCheck],
  labels,
  text,
  oldestFirst: flag,
};

export class Missions {
  readonly #parts: MissionParts;

  constructor(parts: MissionParts) {
    this.#parts = parts;
  }

  /** Starts a mission. When the promise resolves, the mission is durable. */
  async start(options: MissionOptions): Promise<MissionHandle> {
    const { id, idempotencyKey, isNew } = namesOfStart("mission", options, this.#parts.ports.ids);
    const request = StartMissionRequest.fromPartial({
      namespace: this.#parts.namespace,
      missionId: id,
      idempotencyKey,
    });
    request.what = { $case: "spec", value: missionSpecOf(options) };
    const { mission, existed } = await this.#parts.missions.startMission(request);
    if (mission === undefined) throw sdkErrors.replyIncomplete({ about: "a mission" });
    return new MissionHandle(this.#parts, mission.missionId, existed && !isNew);
  }

  /** Returns a handle of a mission by its id. Sends no request. */
  get(id: string): MissionHandle {
    return new MissionHandle(this.#parts, id);
  }

  /** Lists matches, newest first, fetched page by page. */
  list(options: FindMissionsOptions = {}): AsyncGenerator<Mission, void, void> {
    requireKnown("missions.list", options, findNames);
    const { statuses = [], labels: equals, oldestFirst = false } = options;
    const filter = MissionFilter.fromPartial({
      statuses: statusNumbers(statuses),
      text: options.text ?? "",
      ...(equals !== undefined && { labels: LabelSelector.fromPartial({ equals: { ...equals } }) }),
    });
    const { namespace } = this.#parts;
    return pagesOfLines(async (page) => {
      const reply = await this.#parts.missions.listMissions({ namespace, filter, oldestFirst, page });
      return { items: reply.missions, token: reply.page?.nextToken };
    });
  }
}
