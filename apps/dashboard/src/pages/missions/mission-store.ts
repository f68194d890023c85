/** The state of one mission by its stream, with the board that its agents share. */
import type {
  BoardEntry,
  BoardTask,
  Mission,
  MissionMessage,
  Vote,
  WatchMissionReply,
} from "@tutti/rest/types";
import { Listed } from "../../data/listed.ts";
import { LiveStore } from "../../data/live-store.ts";

export interface MissionKnown {
  /** Undefined until the first report arrives. */
  readonly mission: Mission | undefined;
  /** In the order in which they were put on the board. */
  readonly tasks: readonly BoardTask[];
  /** Sorted by key, without removed entries. */
  readonly entries: readonly BoardEntry[];
  /** The newest last. */
  readonly messages: readonly MissionMessage[];
  /** The newest first. */
  readonly votes: readonly Vote[];
}

const nothing: MissionKnown = { mission: undefined, tasks: [], entries: [], messages: [], votes: [] };

export class MissionStore extends LiveStore<WatchMissionReply, MissionKnown> {
  #mission: Mission | undefined;
  readonly #tasks = new Listed<BoardTask>(({ spec }) => spec?.id ?? "");
  readonly #entries = new Listed<BoardEntry>(
    ({ key }) => key,
    (one, other) => (one.key < other.key ? -1 : 1),
  );
  readonly #messages = new Listed<MissionMessage>(
    ({ number = 0 }) => String(number),
    (one, other) => (one.number ?? 0) - (other.number ?? 0),
  );
  readonly #votes = new Listed<Vote>(
    ({ voteId }) => voteId,
    (one, other) => (other.openTimeMs ?? 0) - (one.openTimeMs ?? 0),
  );

  constructor(later: (notify: () => void) => void) {
    super(nothing, later);
  }

  protected override reset(): void {
    this.#mission = undefined;
    for (const list of [this.#tasks, this.#entries, this.#messages, this.#votes]) list.clear();
  }

  protected override fold(value: WatchMissionReply): void {
    const { mission, tasks = [], entries = [], messages = [], votes = [] } = value;
    this.#mission = mission ?? this.#mission;
    for (const task of tasks) this.#tasks.set(task);
    for (const entry of entries) {
      if (entry.value === undefined) this.#entries.remove(entry);
      else this.#entries.set(entry);
    }
    for (const message of messages) this.#messages.set(message);
    for (const vote of votes) this.#votes.set(vote);
  }

  protected override picture(): MissionKnown {
    return {
      mission: this.#mission,
      tasks: this.#tasks.list(),
      entries: this.#entries.list(),
      messages: this.#messages.list(),
      votes: this.#votes.list(),
    };
  }
}
