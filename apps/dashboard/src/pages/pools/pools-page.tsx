import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Pool, QueuedTask } from "@tutti/rest/types";
import { poolQueueQuery, poolsQuery } from "../../data/queries.ts";
import { Action } from "../../elements/action.tsx";
import { count, counted, percent, span } from "../../elements/moments.ts";
import { Empty, Facts, Meter, PageHead, Part } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { pathOf } from "../../elements/spelled.ts";
import { WorkLink } from "../../elements/work-link.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { poolBadge, queueOrder, statusOf, waitReason } from "./pool.ts";
import "./pools.css";

/** All pools: load of each, and waiting tasks with their reasons. */
export function PoolsPage() {
  const query = useQuery(poolsQuery());
  const pools = query.data?.pools ?? [];
  const queued = pools.reduce((sum, pool) => sum + statusOf(pool).queued, 0);
  return (
    <>
      <PageHead
        title="Pools"
        below={
          query.data === undefined ? (
            <>&nbsp;</>
          ) : (
            `${counted(pools.length, "pool")}, ${counted(queued, "task")} waiting`
          )
        }
        actions={
          <Link to="/resources" className="press">
            Resources
          </Link>
        }
      />
      <QueryView query={query} label="pools" lines={8}>
        {(known) =>
          known.pools.length === 0 ? (
            <Empty title="No pools yet.">The first worker or task creates a pool.</Empty>
          ) : (
            known.pools.map((pool) => <PoolItem key={pool.pool} pool={pool} />)
          )
        }
      </QueryView>
    </>
  );
}

function PoolItem({ pool }: { pool: Pool }) {
  const { pool: name, description, paused, pauseReason } = pool;
  return (
    <Part title={name} aside={<BadgeMark badge={poolBadge(pool)} />}>
      {description ? <p className="soft">{description}</p> : null}
      {paused === true && pauseReason ? <p className="tone-held pool-why">{pauseReason}</p> : null}
      <PoolFigures pool={pool} />
      <p className="pool-acts">
        {paused === true ? (
          <Action
            label="Resume pool"
            weight="main"
            call={{ method: "POST", path: pathOf(["pools", name, "resume"]), body: {} }}
            command={`tutti pool resume ${name}`}
          />
        ) : (
          <Action
            label="Pause pool"
            call={{ method: "POST", path: pathOf(["pools", name, "pause"]), body: {} }}
            command={`tutti pool pause ${name}`}
          />
        )}
      </p>
      <Capabilities pool={pool} />
      <Queue name={name} />
    </Part>
  );
}

function PoolFigures({ pool }: { pool: Pool }) {
  const { slots, freeSlots, queued, waitingAtHome, running, retrying, longestWaitMs, startsPerSec, agents } =
    statusOf(pool);
  const usedSlots = slots - freeSlots;
  return (
    <>
      <div className="pool-slots">
        <Meter share={slots === 0 ? 0 : usedSlots / slots} />
        <span className="small soft">
          {slots === 0
            ? "no slots"
            : `${count(usedSlots)} of ${counted(slots, "slot")} in use, ${percent(usedSlots / slots)}`}
        </span>
      </div>
      <Facts
        facts={[
          ["workers", count(agents)],
          ["queued", count(queued)],
          ["waiting at the sender", count(waitingAtHome)],
          ["in use", count(running)],
          ["in backoff", count(retrying)],
          ["longest wait", queued === 0 ? "–" : span(longestWaitMs)],
          ["started per second, last minute", startsPerSec.toFixed(1)],
          ["strategy", (pool.strategy?.kind ?? "least_loaded").replaceAll("_", " ")],
        ]}
      />
    </>
  );
}

function Capabilities({ pool }: { pool: Pool }) {
  const { capabilities } = statusOf(pool);
  if (capabilities.length === 0) return null;
  return (
    <div className="pool-table">
      <table>
        <caption className="unseen">Capabilities of {pool.pool}</caption>
        <thead>
          <tr>
            <th scope="col">Capability</th>
            <th scope="col" className="number">
              Workers
            </th>
            <th scope="col" className="number">
              Free slots
            </th>
            <th scope="col" className="number">
              Running
            </th>
            <th scope="col" className="number">
              Queued
            </th>
          </tr>
        </thead>
        <tbody>
          {capabilities.map(
            ({ capability = "", version = "", agents = 0, freeSlots = 0, running = 0, queued = 0 }) => (
              <tr
                key={`${capability} ${version}`}
                className={queued > 0 && agents === 0 ? "tone-wrong lacking" : undefined}
              >
                <th scope="row">
                  <code>{capability}</code> <span className="small soft">{version}</span>
                </th>
                <td className="number">{count(agents)}</td>
                <td className="number">{count(freeSlots)}</td>
                <td className="number">{count(running)}</td>
                <td className="number">{count(queued)}</td>
              </tr>
            ),
          )}
        </tbody>
      </table>
    </div>
  );
}

function Queue({ name }: { name: string }) {
  const query = useQuery(poolQueueQuery(name));
  return (
    <>
      <h3>Queue</h3>
      <QueryView query={query} label="the queue" lines={3}>
        {({ tasks }) =>
          tasks.length === 0 ? (
            <Empty title="No queued tasks." />
          ) : (
            <ol className="pool-queue">
              {queueOrder(tasks).map((task) => (
                <Queued key={`${task.work?.id} ${task.work?.task} ${task.attempt}`} task={task} />
              ))}
            </ol>
          )
        }
      </QueryView>
    </>
  );
}

function Queued({ task }: { task: QueuedTask }) {
  const { place = 0, work, capability, versionRange = "", waitedMs = 0, priority = 0, cause } = task;
  return (
    <li className="queued">
      <span className="queued-place">{place}</span>
      <span className="clipped">
        <WorkLink about={work} /> <span className="soft">{work?.task}</span>
      </span>
      <code className="clipped">
        {capability}
        {versionRange === "" ? "" : `@${versionRange}`}
      </code>
      <span className="small soft">
        {span(waitedMs)}
        {priority === 0 ? "" : ` · priority ${priority}`}
      </span>
      <span className="queued-why small">{waitReason(cause, versionRange)}</span>
    </li>
  );
}
