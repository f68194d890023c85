import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Deadlock, Resource } from "@tutti/rest/types";
import {
  deadlocksQuery,
  quotasQuery,
  reservationsQuery,
  resourcesQuery,
} from "../../data/resource-queries.ts";
import { useNow } from "../../effects/use-now.ts";
import { Moment } from "../../elements/moment.tsx";
import { counted } from "../../elements/moments.ts";
import { Empty, Meter, PageHead, Part, Tag } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { pathOf } from "../../elements/spelled.ts";
import { Spelled } from "../../elements/spelled-popover.tsx";
import { WorkLink } from "../../elements/work-link.tsx";
import { AllocationsPart } from "./allocations-part.tsx";
import { LocksPart } from "./locks-part.tsx";
import {
  amount,
  amounts,
  isOfAll,
  locationOf,
  phaseOf,
  quotaIsFull,
  quotaUses,
  resourceUse,
  selected,
  shortCount,
  workName,
} from "./resource.ts";
import "./resources.css";

/** The distribution of scarce resources: the total, shares, quotas, reservations, locks. */
export function ResourcesPage() {
  const query = useQuery(resourcesQuery());
  const resources = query.data?.resources.filter(isOfAll);
  const short = shortCount(query.data?.resources ?? []);
  return (
    <>
      <PageHead
        title="Resources"
        below={
          resources === undefined ? (
            <>&nbsp;</>
          ) : (
            `${counted(resources.length, "resource")}, ${short === 0 ? "none" : short} with more demand than capacity`
          )
        }
        actions={
          <>
            <Link to="/pools" className="press">
              Pools
            </Link>
            <span className="action lone">
              <Spelled
                label="Capacity"
                call={{ method: "GET", path: pathOf(["resources"]) }}
                command="tutti resource list"
              />
            </span>
          </>
        }
      />
      <Part title="Capacity">
        <QueryView query={query} label="resources" lines={4}>
          {({ resources: known }) =>
            known.length === 0 ? (
              <Empty title="No resources yet.">Workers provide slots and named resources.</Empty>
            ) : (
              <ul className="resource-lines">
                {known.map((resource) => (
                  <ResourceItem
                    key={`${resource.pool} ${resource.name} ${locationOf(resource)}`}
                    resource={resource}
                  />
                ))}
              </ul>
            )
          }
        </QueryView>
      </Part>
      <AllocationsPart />
      <Quotas />
      <Reservations />
      <LocksPart />
      <DeadlocksPart />
    </>
  );
}

function ResourceItem({ resource }: { resource: Resource }) {
  const { name, used, of, reserved, wanted, isShort } = resourceUse(resource);
  return (
    <li className="resource-line">
      <span className="clipped">
        <code>{name}</code> <span className="small soft">{locationOf(resource)}</span>
      </span>
      <Meter share={of === 0 ? 0 : used / of} tone={isShort ? "held" : "playing"} />
      <span>
        {amount(used)} of {amount(of)} in use
      </span>
      <span className="small soft">
        {[
          reserved > 0 ? `${amount(reserved)} reserved` : "",
          wanted > 0 ? `${amount(wanted)} more requested` : "",
        ]
          .filter(Boolean)
          .join(" · ") || "no demand"}
      </span>
    </li>
  );
}

function Quotas() {
  const query = useQuery(quotasQuery());
  return (
    <Part title="Quotas">
      <QueryView query={query} label="quotas" lines={2}>
        {({ quotas }) =>
          quotas.length === 0 ? (
            <Empty title="No quotas yet.">
              <code>tutti quota set default --limit slots=20</code> limits the running tasks of the namespace.
            </Empty>
          ) : (
            <ul className="resource-lines">
              {quotas.flatMap((quota) =>
                quotaUses(quota).map(({ name, used, of }) => (
                  <li key={`${quota.quotaId} ${name}`} className="resource-line">
                    <span className="clipped">
                      {quota.quotaId} <code>{name}</code>
                    </span>
                    <Meter share={of === 0 ? 1 : used / of} tone={used >= of ? "held" : "playing"} />
                    <span>
                      {amount(used)} of {amount(of)} in use
                    </span>
                    <span className="small soft">
                      {selected(quota.sessions) ?? "all of the namespace"}
                      {quotaIsFull(quota) ? " · tasks above the quota wait" : ""}
                    </span>
                  </li>
                )),
              )}
            </ul>
          )
        }
      </QueryView>
    </Part>
  );
}

function Reservations() {
  const query = useQuery(reservationsQuery());
  const nowMs = useNow();
  return (
    <Part title="Reservations">
      <QueryView query={query} label="reservations" lines={2}>
        {({ reservations }) =>
          reservations.length === 0 ? (
            <Empty title="No reservations yet.">
              <code>tutti reservation create night --amount gpu=1 --in 2h --duration 8h</code> reserves a GPU.
            </Empty>
          ) : (
            <ul className="resource-lines">
              {reservations.map((reservation) => {
                const { reservationId, amounts: all, used = {}, span, pool, agents, sessions } = reservation;
                const phase = phaseOf(reservation, nowMs);
                return (
                  <li key={reservationId} className="resource-line">
                    <span className="clipped">
                      {reservationId} <span className="small soft">{pool || "default"}</span>
                    </span>
                    <Tag tone={phase === "in force" ? "playing" : "rest"}>{phase}</Tag>
                    <span>
                      {amounts(all)}
                      {selected(agents) === undefined ? "" : ` of agents with ${selected(agents)}`}
                      {Object.values(used).some((value) => value > 0) ? `, ${amounts(used)} in use` : ""}
                    </span>
                    <span className="small soft">
                      Starts <Moment atMs={span?.fromMs} />, ends <Moment atMs={span?.toMs} />, for{" "}
                      {selected(sessions) ?? `sessions with the reservation ${reservationId}`}
                    </span>
                  </li>
                );
              })}
            </ul>
          )
        }
      </QueryView>
    </Part>
  );
}

/** Detected deadlocks: the waiter that gave way, and the reason for the choice. */
function DeadlocksPart() {
  const query = useQuery(deadlocksQuery());
  return (
    <Part title="Deadlocks">
      <QueryView query={query} label="deadlocks" lines={2}>
        {({ deadlocks }) =>
          deadlocks.length === 0 ? (
            <Empty title="No deadlocks.">
              Tutti detects deadlocks, and resolves each by aborting one participant.
            </Empty>
          ) : (
            <ul className="deadlocks">
              {deadlocks.map((deadlock) => (
                <DeadlockItem key={`${deadlock.findTimeMs} ${deadlock.reason}`} deadlock={deadlock} />
              ))}
            </ul>
          )
        }
      </QueryView>
    </Part>
  );
}

function DeadlockItem({ deadlock }: { deadlock: Deadlock }) {
  const { victim, reason = "", findTimeMs } = deadlock;
  return (
    <li className="deadlock">
      <p>
        {victim === undefined ? "no one" : <WorkLink about={victim}>{workName(victim)}</WorkLink>} gave way{" "}
        <span className="small soft">
          <Moment atMs={findTimeMs} />
        </span>
      </p>
      <p className="small">{reason}</p>
    </li>
  );
}
