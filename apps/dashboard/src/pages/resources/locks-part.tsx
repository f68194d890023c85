import type { Lock, WorkReference } from "@tutti/rest/types";
import { client } from "../../data/live.ts";
import { useLive } from "../../data/use-live.ts";
import { Moment } from "../../elements/moment.tsx";
import { counted } from "../../elements/moments.ts";
import { Empty, Failure, Loading, Part, Tag } from "../../elements/parts.tsx";
import { WorkLink } from "../../elements/work-link.tsx";
import { Glyph } from "../../score/glyph.tsx";
import { LocksStore } from "./locks-store.ts";
import { holderOf, lockState } from "./resource.ts";

/** Maximum number of shown waiters. A longer line is not readable. */
const waitersMax = 10;

/** Locks with their holders and waiters, live. */
export function LocksPart() {
  const { locks, isComplete, problem } = useLive(
    "locks",
    (later) => new LocksStore(later),
    (signal) => client.follow("locks.watch", { query: {} }, { signal }),
  );
  return (
    <Part title="Locks" aside={isComplete ? counted(locks.length, "lock") : undefined}>
      {problem === undefined ? null : (
        <Failure title="Locks cannot be shown" message={problem.message} code={problem.code} />
      )}
      {!isComplete && problem === undefined ? <Loading label="locks" lines={2} /> : null}
      {isComplete && locks.length === 0 ? (
        <Empty title="No locks.">
          Acquire one: <code>tutti lock acquire printer --holder me</code>
        </Empty>
      ) : null}
      <ul className="locks" aria-label="Locks">
        {locks.map((lock) => (
          <LockItem key={lock.name} lock={lock} />
        ))}
      </ul>
    </Part>
  );
}

function LockItem({ lock }: { lock: Lock }) {
  const { name, grants, waiters, waiting = 0 } = lock;
  const more = waiting - Math.min(waiting, waitersMax);
  return (
    <li className="lock">
      <p className="lock-head">
        <code>{name}</code> <Tag tone={grants.length > 0 ? "playing" : "rest"}>{lockState(lock)}</Tag>
      </p>
      <ul className="lock-names">
        {grants.map((grant) => (
          <li key={grant.holder}>
            <span className="tone-playing">
              <Glyph name="note" />
            </span>{" "}
            <Holder of={grant} /> holds {grant.shared === true ? "a share of it" : "it"}{" "}
            <span className="small soft">
              acquired <Moment atMs={grant.acquireTimeMs} /> · lease ends <Moment atMs={grant.expireTimeMs} />{" "}
              · token {grant.token}
            </span>
          </li>
        ))}
        {waiters.slice(0, waitersMax).map((waiter, at) => (
          <li key={waiter.ticket}>
            <span className="tone-held">
              <Glyph name="tied-rest" />
            </span>{" "}
            <Holder of={waiter} /> {at === 0 ? "waits and is next" : "waits"}{" "}
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

function Holder({ of }: { of: { holder?: string; work?: WorkReference } }) {
  const { work } = of;
  return work === undefined ? (
    <strong>{holderOf(of)}</strong>
  ) : (
    <WorkLink about={work}>{holderOf(of)}</WorkLink>
  );
}
