import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { Approval } from "@tutti/rest/types";
import { approvalsQuery, callerQuery, myApprovalsQuery } from "../../data/queries.ts";
import { counted } from "../../elements/moments.ts";
import { Empty, PageHead } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { Tabs } from "../../elements/tabs.tsx";
import "./inbox.css";
import { Inboxes } from "./inboxes.tsx";
import { Question } from "./question.tsx";
import { dueFirst, waitingFor } from "./waiting.ts";

const decidedVerdicts = ["approved", "rejected", "expired", "withdrawn"];

/** Approvals for the signed-in user, approvals for other users, decisions, and inboxes. */
export function InboxPage() {
  const { view = "mine" } = useSearch({ from: "/inbox" });
  const navigate = useNavigate({ from: "/inbox" });
  const { data: caller } = useQuery(callerQuery());
  const mine = useQuery(myApprovalsQuery());
  const many = mine.data === undefined ? undefined : waitingFor(mine.data.approvals, caller?.id ?? "").length;
  return (
    <>
      <PageHead
        title="Inbox"
        below={
          many === undefined ? (
            <>&nbsp;</>
          ) : many === 0 ? (
            "No approvals for you"
          ) : (
            `${counted(many, "approval")} for you`
          )
        }
      />
      <Tabs
        label="Approvals by state"
        tabs={[
          ["mine", "For me"],
          ["open", "All open"],
          ["decided", "Decided"],
          ["inboxes", "Inboxes"],
        ]}
        current={view}
        onChange={(next) => void navigate({ search: { view: next } })}
      >
        {view === "mine" ? (
          <Approvals query={mine} me={caller?.id ?? ""} empty="No approvals for you." />
        ) : view === "open" ? (
          <Open />
        ) : view === "decided" ? (
          <Decided />
        ) : (
          <Inboxes />
        )}
      </Tabs>
    </>
  );
}

function Open() {
  return <Approvals query={useQuery(approvalsQuery())} empty="No open approvals." />;
}

function Decided() {
  return (
    <Approvals
      query={useQuery(approvalsQuery(decidedVerdicts))}
      empty="No decisions yet."
      isDueFirst={false}
    />
  );
}

interface ApprovalsOptions {
  readonly query: UseQueryResult<{ readonly approvals: readonly Approval[] }>;
  readonly empty: string;
  /** Only approvals that wait for this user. */
  readonly me?: string;
  readonly isDueFirst?: boolean;
}

function Approvals({ query, empty, me, isDueFirst = true }: ApprovalsOptions) {
  return (
    <QueryView query={query} label="approvals" lines={6}>
      {({ approvals }) => {
        const pending = me === undefined ? approvals : waitingFor(approvals, me);
        if (pending.length === 0)
          return (
            <Empty title={empty}>
              {isDueFirst ? (
                <p>
                  Tasks of <em>inboxes</em> and of kind <code>approve</code> wait here for a decision. Paused
                  and failed runs are listed in the <Link to="/">overview</Link>.
                </p>
              ) : null}
            </Empty>
          );
        return (
          <ul className="approvals">
            {(isDueFirst ? dueFirst(pending) : pending).map((approval) => (
              <li
                key={`${approval.about?.id}/${approval.approvalId}`}
                id={`${approval.about?.id}/${approval.approvalId}`}
              >
                <Question approval={approval} />
              </li>
            ))}
          </ul>
        );
      }}
    </QueryView>
  );
}
