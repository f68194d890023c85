/** Waiting for missions: for their ends, and for whatever changes. */
import type {
  AwaitMissionReply,
  AwaitMissionRequest,
  Mission,
  WatchMissionReply,
  WatchMissionRequest,
} from "@tutti/contracts/swarm/v1";
import { newsOf, whenOwned } from "@tutti/host";
import type { CallContext } from "@tutti/kernel";
import { ChangedEntries, ChangedTasks, ChangedVotes, NewMessages } from "../board/changes.ts";
import { keyOf, type MissionDesk, missionNamed } from "./desk.ts";
import { looksAt } from "./looks.ts";

export async function awaitMission(
  desk: MissionDesk,
  { missionId, waitMs }: AwaitMissionRequest,
  context: CallContext,
): Promise<AwaitMissionReply> {
  const { clock, timers } = desk.foundation;
  const key = keyOf(context.namespace, missionId);
  const untilMs = clock.monotonic() + waitMs;
  for (;;) {
    const mission = await missionNamed(desk, missionId, context);
    const leftMs = untilMs - clock.monotonic();
    if (mission.endTime !== undefined || leftMs <= 0 || context.signal.aborted) return { mission };
    const late = new AbortController();
    const timer = timers.after(leftMs, () => late.abort());
    await newsOf(
      () => desk.runtime.hasNews(key, mission.eventCount),
      desk.foundation,
      AbortSignal.any([context.signal, late.signal]),
    );
    timer.cancel();
    // Another owner has it by now: the next look goes there.
    await whenOwned(desk, key, context, () => undefined);
  }
}

/** All of it, then what changes; the mission itself comes with each look. */
export async function* watchMission(
  desk: MissionDesk,
  request: WatchMissionRequest,
  context: CallContext,
): AsyncGenerator<WatchMissionReply, void> {
  const { missionId, withTasks, withEntries, withMessages, withVotes } = request;
  const watched = { desk, missionId, context };
  const tasks = withTasks ? new ChangedTasks(watched) : undefined;
  const entries = withEntries ? new ChangedEntries(watched, [""]) : undefined;
  const messages = withMessages ? new NewMessages(watched, "") : undefined;
  const votes = withVotes ? new ChangedVotes(watched) : undefined;
  for await (const isLook of looksAt(desk, missionId, context)) {
    const mission: Mission | undefined = isLook ? await missionNamed(desk, missionId, context) : undefined;
    yield {
      mission,
      tasks: isLook && tasks !== undefined ? await tasks.look() : [],
      entries: isLook && entries !== undefined ? await entries.look() : [],
      messages: isLook && messages !== undefined ? await messages.look() : [],
      votes: isLook && votes !== undefined ? await votes.look() : [],
      live: true,
      cursor: "",
    };
  }
}
