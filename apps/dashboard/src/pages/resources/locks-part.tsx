import type { Lock, WorkReference } from "@tutti/rest/types";
import { client } from "../../data/live.ts";
import { useLive } from "../../data/use-live.ts";
import { Moment } from "../../elements/moment.tsx";
import { counted } from "../../elements/moments.ts";
import { Empty, Failure, Part, Tag, Waiting } from "../../elements/parts.tsx";
import { WorkLink } from "../../elements/work-link.tsx";
import { Glyph } from "../../score/glyph.tsx";
import { LocksStore } from "./locks-store.ts";
import { standOfLock, whoOf } from "./resource.ts";

/** Maximum number of shown waiters. A longer line is not readable. */
const waitersShown = 10;

/** Locks with their holders and waiters, live. */
export function LocksPart() {
  const { locks, isWhole, problem } = useLive(
    "locks",
    (later) => new LocksStore(later),
    (signal) => client.follow("locks.watch", { query: {} }, { signal }),
  );
  return (
    <Part title="Locks" aside={isWhole ? counted(locks.length, "lock") : undefined}>
      {problem === undefined ? null : (
        <Failure title="Locks cannot be shown" message={problem.message} code={problem.code} />
      )}
      {!isWhole && problem === undefined ? <Waiting what="locks" lines={2} /> : null}
      {isWhole && locks.length === 0 ? (
        <Empty title="No locks.">
          Acquire one: <code>tutti lock acquire printer --holder me</code>
        </Empty>
      ) : null}
      <ul className="locks" aria-label="Locks">
        {locks.map((lock) => (
          <OneLock key={lock.name} lock={lock} />
        ))}
      </ul>
    </Part>
  );
}

function OneLock({ lock }: { lock: Lock }) {
  const { name, grants, waiters, waiting = 0 } = lock;
  const more = waiting - Math.min(waiting, waitersShown);
  return (
    <li className="lock">
      <p className="lock-head">
        <code>{name}</code> <Tag tone={grants.length > 0 ? "playing" : "rest"}>{standOfLock(lock)}</Tag>
      </p>
      <ul className="lock-names">
        {grants.map((grant) => (
          <li key={grant.holder}>
            <span className="tone-playing">
              <Glyph name="note" />
            </span>{" "}
            <Who of={grant} /> holds {grant.shared === true ? "a share of it" : "it"}{" "}
            <span className="small soft">
              acquired <Moment atMs={grant.acquireTimeMs} /> · lease ends <Moment atMs={grant.expireTimeMs} />{" "}
              · token {grant.token}
            </span>
          </li>
        ))}
        {waiters.slice(0, waitersShown).map((waiter, at) => (
          <li key={waiter.ticket}>
            <span className="tone-held">
              <Glyph name="tied-rest" />
            </span>{" "}
            <Who of={waiter} /> {at === 0 ? "waits and is next" : "waits"}{" "}
            <span className="small soft">
              requested <Moment atMs={waiter.startTimeMs} />
            </span>
          </li>
        ))}
        {more > 0 ? <li className="small soft">and {more} more waiting</li> : null}
      </ul>
    </li>
  );
}

function Who({ of }: { of: { holder?: string; work?: WorkReference } }) {
  const { work } = of;
  return work === undefined ? <strong>{whoOf(of)}</strong> : <WorkLink about={work}>{whoOf(of)}</WorkLink>;
}
