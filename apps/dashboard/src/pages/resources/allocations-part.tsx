import { useQuery } from "@tanstack/react-query";
import type { Allocation } from "@tutti/rest/types";
import { useState } from "react";
import { allocationQuery, allocationsQuery } from "../../data/resource-queries.ts";
import { Explained } from "../../elements/explained.tsx";
import { Empty, Part } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { WorkLink } from "../../elements/work-link.tsx";
import { allocationUses, amount } from "./resource.ts";

/** Allocations of each session: held, waiting, and its share. */
export function AllocationsPart() {
  const query = useQuery(allocationsQuery());
  const [opened, setOpened] = useState<string>();
  return (
    <Part title="Shares">
      <QueryView query={query} label="shares" lines={3}>
        {({ allocations }) =>
          allocations.length === 0 ? (
            <Empty title="No running tasks of sessions.">Sessions share workers by weight.</Empty>
          ) : (
            <ul className="resource-lines">
              {allocations.map((allocation) => {
                const id = allocation.session?.id ?? "";
                return (
                  <AllocationItem
                    key={id}
                    allocation={allocation}
                    isOpen={opened === id}
                    onExplain={() => setOpened(opened === id ? undefined : id)}
                  />
                );
              })}
            </ul>
          )
        }
      </QueryView>
    </Part>
  );
}

function AllocationItem(options: { allocation: Allocation; isOpen: boolean; onExplain: () => void }) {
  const { allocation, isOpen, onExplain } = options;
  const { session, weight = 1 } = allocation;
  return (
    <li>
      <div className="resource-line">
        <span className="clipped">
          <WorkLink about={session} /> <span className="small soft">weight {amount(weight)}</span>
        </span>
        <button type="button" className="press" aria-expanded={isOpen} onClick={onExplain}>
          Explain share
        </button>
        <ul className="allocation-uses">
          {allocationUses(allocation).map(({ name, has, waitsFor, share }) => (
            <li key={name}>
              <code>{name}</code> has {amount(has)}
              {waitsFor > 0 ? `, waits for ${amount(waitsFor)}` : ""}
              {share > 0 ? <span className="soft">, by its share {amount(share)}</span> : null}
            </li>
          ))}
        </ul>
      </div>
      {isOpen ? <ExplanationView sessionId={session?.id ?? ""} /> : null}
    </li>
  );
}

function ExplanationView({ sessionId }: { sessionId: string }) {
  const query = useQuery(allocationQuery(sessionId));
  return (
    <div className="allocation-why">
      <QueryView query={query} label="the reason" lines={2}>
        {({ explanation }) => (explanation === undefined ? null : <Explained explanation={explanation} />)}
      </QueryView>
    </div>
  );
}
