import { useQuery } from "@tanstack/react-query";
import type { Inbox } from "@tutti/rest/types";
import { inboxesQuery } from "../../data/queries.ts";
import { counted, span } from "../../elements/moments.ts";
import { Empty, Facts, Meter, Part } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { hoursOf, loadOf } from "./waiting.ts";

/** All inboxes: fill level, members and hours of each. */
export function Inboxes() {
  const query = useQuery(inboxesQuery());
  return (
    <QueryView query={query} label="inboxes" lines={6}>
      {({ inboxes }) =>
        inboxes.length === 0 ? (
          <Empty title="No inboxes yet.">
            <p>
              Create one: <code>tutti inbox set ID --capability NAME --person ID</code>
            </p>
          </Empty>
        ) : (
          <div className="inboxes">
            {inboxes.map((inbox) => (
              <InboxItem key={`${inbox.pool}/${inbox.inboxId}`} inbox={inbox} />
            ))}
          </div>
        )
      }
    </QueryView>
  );
}

function InboxItem({ inbox }: { inbox: Inbox }) {
  const { inboxId, description, pool, capabilities, people, answersNeeded, withinMs, claimMs } = inbox;
  const { open, most, share } = loadOf(inbox);
  return (
    <Part title={inboxId}>
      {description ? <p className="soft">{description}</p> : null}
      <div className="inbox-load">
        <Meter share={share} tone={share >= 1 ? "held" : "playing"} />
        <span className="small soft">
          {open} of {counted(most, "slot")} in use
        </span>
      </div>
      <Facts
        facts={[
          ["pool", pool],
          ["capabilities", capabilities.map(({ name }) => name).join(", ")],
          ["people", people.length === 0 ? "any" : people.join(", ")],
          ["answers", String(answersNeeded || 1)],
          ["hours", hoursOf(inbox)],
          ["expires", withinMs ? `after ${span(withinMs)}` : "never"],
          ["claims end", claimMs ? `after ${span(claimMs)}` : "with the answer"],
          [
            "escalates",
            inbox.escalation
              .map(({ afterMs = 0, people: next }) => `after ${span(afterMs)} to ${next.join(", ")}`)
              .join(", then ") || "never",
          ],
        ]}
      />
    </Part>
  );
}
