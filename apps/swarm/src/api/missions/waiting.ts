/** Waiting for missions: for their ends and for every change. */
import type {
  AwaitMissionReply,
  AwaitMissionRequest,
  Mission,
  WatchMissionReply,
  WatchMissionRequest,
} from "@tutti/contracts/swarm/v1";
import { cursorAt, lookupsOf, positionIn, resume, whenEnded } from "@tutti/host/serving";
import type { CallContext } from "@tutti/kernel";
import { ChangedEntries, ChangedTasks, ChangedVotes, NewMessages } from "../board/changes.ts";
import { type MissionDependencies, missionNamed, missionWork } from "./dependencies.ts";

export async function awaitMission(
  dependencies: MissionDependencies,
  { missionId, waitMs, afterEvent }: AwaitMissionRequest,
  context: CallContext,
): Promise<AwaitMissionReply> {
  const read = () => missionNamed(dependencies, missionId, context);
  return {
    mission: await whenEnded(dependencies, missionWork, { id: missionId, waitMs, read, afterEvent }, context),
  };
}

/** Sends the whole mission, then changes, each time with the mission itself. With a cursor: changes since. */
export async function* watchMission(
  dependencies: MissionDependencies,
  request: WatchMissionRequest,
  context: CallContext,
): AsyncGenerator<WatchMissionReply, void> {
  const { missionId, cursor } = request;
  const watcher = new MissionWatcher(dependencies, request, context);
  let isFirst = true;
  let known = cursor;
  for await (const { isLookup } of lookupsOf(dependencies, missionWork, missionId, context)) {
    if (!isLookup) {
      yield { ...nothingNew, cursor: known };
      continue;
    }
    const mission = await missionNamed(dependencies, missionId, context);
    const isResumed = isFirst && cursor !== "" && (await watcher.resume(mission, cursor));
    const changed = await watcher.read();
    // A caller that continues would mistake a snapshot that is live at once for changes.
    const isRestarted = isFirst && cursor !== "" && !isResumed;
    if (isRestarted) yield { ...nothingNew, ...changed, mission, live: false };
    known = watcher.cursorAt(mission);
    if (isRestarted) yield { ...nothingNew, cursor: known };
    else if (isResumed && known === cursor) yield { ...nothingNew, cursor };
    else yield { ...nothingNew, ...changed, mission, cursor: known };
    isFirst = false;
  }
}

const nothingNew: WatchMissionReply = {
  mission: undefined,
  tasks: [],
  entries: [],
  messages: [],
  votes: [],
  live: true,
  cursor: "",
};

/** The state of a mission that its watcher knows. */
class MissionWatcher {
  readonly #dependencies: MissionDependencies;
  readonly #missionId: string;
  readonly #context: CallContext;
  readonly #tasks: ChangedTasks | undefined;
  readonly #entries: ChangedEntries | undefined;
  readonly #messages: NewMessages | undefined;
  readonly #votes: ChangedVotes | undefined;

  constructor(dependencies: MissionDependencies, request: WatchMissionRequest, context: CallContext) {
    const { missionId, withTasks, withEntries, withMessages, withVotes } = request;
    this.#dependencies = dependencies;
    this.#missionId = missionId;
    this.#context = context;
    const watched = { dependencies, missionId, context };
    this.#tasks = withTasks ? new ChangedTasks(watched) : undefined;
    this.#entries = withEntries ? new ChangedEntries(watched, [""]) : undefined;
    this.#messages = withMessages ? new NewMessages(watched, "") : undefined;
    this.#votes = withVotes ? new ChangedVotes(watched) : undefined;
  }

  /**
   * Restores the watcher's knowledge from before its stream broke. False if the watcher must receive everything again.
   */
  async resume(mission: Mission, cursor: string): Promise<boolean> {
    const watched = { ...mission, id: this.#missionId };
    const position = positionIn(cursor, watched);
    if (position === undefined) return false;
    const [entries = 0, messages = 0] = position.numbers;
    if (this.#entries !== undefined && !(await this.#entries.resume(entries))) return false;
    const know = async (atEvent: number): Promise<void> => {
      await this.#tasks?.know(atEvent);
      await this.#votes?.know(atEvent);
    };
    const isKnown = await resume(this.#dependencies, missionWork, watched, position, know, this.#context);
    if (isKnown) this.#messages?.resume(messages);
    else this.#reset();
    return isKnown;
  }

  async read(): Promise<Pick<WatchMissionReply, "tasks" | "entries" | "messages" | "votes">> {
    return {
      tasks: (await this.#tasks?.read()) ?? [],
      entries: (await this.#entries?.read()) ?? [],
      messages: (await this.#messages?.read()) ?? [],
      votes: (await this.#votes?.read()) ?? [],
    };
  }

  cursorAt(mission: Mission): string {
    const numbers = [this.#entries?.after ?? 0, this.#messages?.after ?? 0];
    return cursorAt({ ...mission, id: this.#missionId }, ...numbers);
  }

  #reset(): void {
    this.#tasks?.reset();
    this.#votes?.reset();
    this.#entries?.startOver();
  }
}
