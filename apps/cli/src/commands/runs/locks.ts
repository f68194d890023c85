/** Adds the locks that work waits for, and its deadlocks, to the answer of `tutti why`. */
import type { Deadlock, DeadlockEdge, Explanation, Lock, WorkReference } from "@tutti/rest/types";
import type { Server } from "../../server/calls.ts";
import { printAge, printDurationMs } from "../../terminal/time.ts";

/** Maximum of deadlocks, and of locks with waiters, that are read. */
const readMax = 100;

/** Returns the explanation with its locks as parts. Without the permission for locks, returns the rest. */
export async function withLocks(
  server: Server,
  explanation: Explanation,
  nowMs: number,
): Promise<Explanation> {
  const { id = "", task = "" } = explanation.about ?? {};
  const query = { ...server.namespace, size: readMax };
  const [{ locks }, { deadlocks }] = await Promise.all([
    server.call("locks.list", { query: { ...query, contendedOnly: true } }).catch(() => ({ locks: [] })),
    server.call("locks.deadlocks", { query }).catch(() => ({ deadlocks: [] })),
  ]);
  const about = { id, task };
  const deadlock = deadlockPart(deadlocks, about, nowMs);
  const parts = [...waitParts(locks, about, nowMs), ...(deadlock === undefined ? [] : [deadlock])];
  return { ...explanation, parts: [...explanation.parts, ...parts] };
}

interface About {
  readonly id: string;
  readonly task: string;
}

/** Whether a reference names the explained work or a part of it. */
function isAbout({ id, task = "" }: WorkReference, about: About): boolean {
  return id === about.id && (about.task === "" || task === "" || task === about.task);
}

/** Returns the waits for locks. For the platform a waiting handler is running: only the lock knows its waiters. */
export function waitParts(locks: readonly Lock[], about: About, nowMs: number): Explanation[] {
  return locks.flatMap(({ name, grants, waiters }) =>
    waiters.flatMap(({ work, startTimeMs = nowMs }): Explanation[] => {
      if (work === undefined || !isAbout(work, about)) return [];
      const holders = grants.map((grant) =>
        grant.work === undefined ? (grant.holder ?? "") : nameOf(grant.work),
      );
      return [
        {
          about: work,
          summary: `It has waited for the lock ${name} for ${printDurationMs(nowMs - startTimeMs)}. Held by ${holders.join(", ")}.`,
          waits: [],
          candidates: [],
          failures: [],
          parts: [],
          remedies: [
            { text: "See who holds the lock, and until when.", command: `tutti lock show ${name}` },
            ...grants.slice(0, 1).map(({ holder = "" }) => ({
              text: "If you are sure that the holder has stopped, break the lock.",
              command: `tutti lock break ${name} ${holder}`,
            })),
          ],
        },
      ];
    }),
  );
}

/** Returns the part about a deadlock. The list starts with the newest one. */
export function deadlockPart(
  deadlocks: readonly Deadlock[],
  about: About,
  nowMs: number,
): Explanation | undefined {
  const isOwn = ({ waiter }: DeadlockEdge) => waiter !== undefined && isAbout(waiter, about);
  const found = deadlocks.find(({ circle }) => circle.some(isOwn));
  const own = found?.circle.find(isOwn);
  if (found === undefined || own?.waiter === undefined) return undefined;
  const { victim, findTimeMs = nowMs } = found;
  const isVictim = victim !== undefined && isAbout(victim, about);
  const cycle = found.circle.map(edgeText).join(", and ");
  const ending = isVictim
    ? "It was the victim: its wait ended with `session.deadlock`"
    : `The victim was ${nameOf(victim)}: its wait ended, and this work gets the lock ${own.lock} when ${nameOf(own.holder)} releases it`;
  return {
    about: own.waiter,
    summary: `It was in a deadlock ${printAge(findTimeMs, nowMs)}: ${cycle}. ${ending}.`,
    waits: [],
    candidates: [],
    failures: [],
    parts: [],
    remedies: [
      {
        text: isVictim
          ? "Release the locks that it holds, and acquire them again."
          : "See who holds the lock and who waits for it.",
        command: `tutti lock show ${own.lock}`,
      },
      { text: "To prevent the cycle, acquire the locks in the same order in all works." },
    ],
  };
}

function edgeText({ waiter, lock = "", holder }: DeadlockEdge): string {
  return `${nameOf(waiter)} waits for the lock ${lock}, which ${nameOf(holder)} holds`;
}

function nameOf(work: WorkReference | undefined): string {
  return work === undefined ? "an unknown work" : [work.kind, work.id, work.task].filter(Boolean).join(" ");
}
