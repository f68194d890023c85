/** Publishes events of sessions on the bus. */
import type { Bus, EventInput } from "@tutti/bus";
import {
  type EventMapper,
  failureIn,
  MachineEventPublisher,
  type NoteHead,
  StateLog,
} from "@tutti/host/serving";
import type { Foundation, InstanceKey } from "@tutti/kernel";
import { session as machine, showSession } from "@tutti/machine-session";
import type { RuntimeOfService } from "@tutti/runtime";
import { eventOf, type SessionNote } from "./session-note.ts";
import { sessionNotes } from "./session-notes.ts";

/** Changes of every session. */
const usual: ReadonlySet<string> = new Set(["accepted", "planned", "mode_chosen", "started", "completed"]);

type MachineQueries = Pick<RuntimeOfService, "query">;

class SessionEventMapper implements EventMapper<SessionNote> {
  runtime: MachineQueries | undefined;
  readonly #logger: Foundation["logger"];
  readonly #states: StateLog;

  constructor(foundation: Pick<Foundation, "logger" | "clock">) {
    this.#logger = foundation.logger;
    this.#states = new StateLog(foundation, { noun: "session", prefix: "tutti.session.session.", usual });
  }

  isEnd({ type }: SessionNote): boolean {
    return ends.has(type);
  }

  onNote(note: SessionNote): void {
    this.#states.changed(note, failureIn(note.body));
  }

  eventOf(note: SessionNote): EventInput {
    return eventOf(note);
  }

  /** Undefined if the partition has moved: its new owner publishes later events. */
  async progressOf(head: NoteHead): Promise<EventInput | undefined> {
    try {
      const session = await this.runtime?.query({
        key: head.key,
        query: showSession,
        body: { whole: false },
      });
      if (session === undefined || session.endTime !== undefined) return undefined;
      const { total = 0, completed = 0, skipped = 0, failed = 0, running = 0 } = session.tasks ?? {};
      const { expectedEndTime } = session;
      const endMs = expectedEndTime === undefined ? 0 : expectedEndTime.seconds * 1_000;
      const body = {
        tasksTotal: total,
        tasksCompleted: completed + skipped,
        tasksFailed: failed,
        tasksRunning: running,
        remainingMs: Math.max(0, endMs - head.timeMs),
      };
      return eventOf({ ...head, type: "tutti.session.session.progressed", body });
    } catch (error) {
      this.#logger.debug("failed to read the progress of a session", { error });
      return undefined;
    }
  }
}

export class SessionEventPublisher extends MachineEventPublisher<SessionNote> {
  readonly #mapper: SessionEventMapper;

  constructor(
    { bus, foundation }: { readonly bus: Pick<Bus, "publish">; readonly foundation: Foundation },
    ended?: (key: InstanceKey) => void,
  ) {
    const mapper = new SessionEventMapper(foundation);
    const leftOut = foundation.metrics
      .counter({
        name: "tutti_master_session_events_left_out_total",
        help: "Session events dropped because the publish queue was full.",
      })
      .with({});
    super({ bus, foundation, sources: [{ machine, notes: sessionNotes }], mapper, dropped: leftOut, ended });
    this.#mapper = mapper;
  }

  /** Sets the runtime. Some events need its data, and it needs this publisher to start. */
  attachRuntime(runtime: MachineQueries): void {
    this.#mapper.runtime = runtime;
  }
}

const ends: ReadonlySet<string> = new Set(
  ["completed", "failed", "cancelled", "terminated"].map((end) => `tutti.session.session.${end}`),
);
