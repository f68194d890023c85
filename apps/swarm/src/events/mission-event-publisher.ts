/** Publishes events of missions, and of pools that missions and other work share, on the bus. */
import type { Bus, EventInput } from "@tutti/bus";
import type { PoolCreatedV1, PoolUpdatedV1 } from "@tutti/contracts/swarm/v1";
import {
  type EventMapper,
  failureIn,
  MachineEventPublisher,
  type NoteHead,
  type NoteOf,
  StateLog,
} from "@tutti/host/serving";
import type { Foundation, InstanceKey } from "@tutti/kernel";
import { pool } from "@tutti/machine-entities/pool";
import { mission, showMission } from "@tutti/machine-mission";
import { strategyNameOf } from "@tutti/matching";
import type { RuntimeOfService } from "@tutti/runtime";
import { eventNote, eventOf, type MissionNote } from "./mission-note.ts";
import { missionNotes } from "./mission-notes.ts";

/** Changes of every mission. */
const usual: ReadonlySet<string> = new Set(["started", "completed"]);

type MachineQueries = Pick<RuntimeOfService, "query">;

class MissionEventMapper implements EventMapper<MissionNote> {
  runtime: MachineQueries | undefined;
  readonly #logger: Foundation["logger"];
  readonly #states: StateLog;

  constructor(foundation: Pick<Foundation, "logger" | "clock">) {
    this.#logger = foundation.logger;
    this.#states = new StateLog(foundation, { noun: "mission", prefix: "tutti.swarm.mission.", usual });
  }

  isEnd({ type }: MissionNote): boolean {
    return ends.has(type);
  }

  onNote(note: MissionNote): void {
    this.#states.changed(note, failureIn(note.body));
  }

  eventOf(note: MissionNote): EventInput {
    return eventOf(note);
  }

  /** Undefined if the partition has moved: its new owner publishes later events. */
  async progressOf(head: NoteHead): Promise<EventInput | undefined> {
    try {
      const mission = await this.runtime?.query({
        key: head.key,
        query: showMission,
        body: { whole: false },
      });
      if (mission === undefined || mission.endTime !== undefined) return undefined;
      const { total = 0, completed = 0, skipped = 0, failed = 0, running = 0 } = mission.tasks ?? {};
      const body = {
        tasksTotal: total,
        tasksCompleted: completed + skipped,
        tasksFailed: failed,
        tasksRunning: running,
        used: mission.budget?.spent,
      };
      return eventOf({ ...head, type: "tutti.swarm.mission.progressed", body, part: 0 });
    } catch (error) {
      this.#logger.debug("failed to read the progress of a mission", { error });
      return undefined;
    }
  }
}

export class MissionEventPublisher extends MachineEventPublisher<MissionNote> {
  readonly #mapper: MissionEventMapper;

  constructor(
    { bus, foundation }: { readonly bus: Pick<Bus, "publish">; readonly foundation: Foundation },
    ended?: (key: InstanceKey) => void,
  ) {
    const mapper = new MissionEventMapper(foundation);
    const dropped = foundation.metrics
      .counter({
        name: "tutti_swarm_mission_events_left_out_total",
        help: "Mission events dropped because the publish queue was full.",
      })
      .with({});
    const sources = [
      { machine: mission, notes: missionNotes },
      { machine: pool, notes: poolNotes },
    ];
    super({ bus, foundation, sources, mapper, dropped, ended });
    this.#mapper = mapper;
  }

  /** Sets the runtime. Some events need its data, and it needs this publisher to start. */
  setRuntime(runtime: MachineQueries): void {
    this.#mapper.runtime = runtime;
  }
}

const ends: ReadonlySet<string> = new Set(
  ["completed", "failed", "cancelled", "terminated"].map((end) => `tutti.swarm.mission.${end}`),
);

/** The published events of pools, each with the function that notes it. */
const poolNotes: Readonly<Record<string, NoteOf<unknown, never>>> = {
  pool_created: (_pool, { pool }: PoolCreatedV1, happening) =>
    eventNote(happening, "tutti.swarm.pool.created", { strategy: strategyNameOf(pool) }),
  pool_updated: (_pool, { pool }: PoolUpdatedV1, happening) =>
    eventNote(happening, "tutti.swarm.pool.changed", { strategy: strategyNameOf(pool) }),
  pool_deleted: (_pool, _body, happening) => eventNote(happening, "tutti.swarm.pool.deleted", {}),
  pool_paused: (_pool, _body, happening) => eventNote(happening, "tutti.swarm.pool.paused", {}),
  pool_resumed: (_pool, _body, happening) => eventNote(happening, "tutti.swarm.pool.resumed", {}),
};
