import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { approvalsQuery } from "../../data/queries.ts";
import { counted } from "../../elements/moments.ts";
import { Empty, PageHead } from "../../elements/parts.tsx";
import { Shown } from "../../elements/shown.tsx";
import { Tabs } from "../../elements/tabs.tsx";
import "./approvals.css";
import { Question } from "./question.tsx";

type View = "open" | "decided";

const decidedVerdicts = ["approved", "rejected", "expired", "withdrawn"];

/** Approvals that runs and missions request, and the decisions. */
export function ApprovalsPage() {
  const [view, setView] = useState<View>("open");
  const query = useQuery(approvalsQuery(view === "open" ? [] : decidedVerdicts));
  const many = view === "open" ? query.data?.approvals.length : undefined;
  return (
    <>
      <PageHead
        title="Approvals"
        below={
          many === undefined ? (
            <>&nbsp;</>
          ) : many === 0 ? (
            "No open approvals"
          ) : (
            `${counted(many, "open approval")}`
          )
        }
      />
      <Tabs
        label="Approvals by state"
        tabs={[
          ["open", "Open"],
          ["decided", "Decided"],
        ]}
        current={view}
        onChange={setView}
      >
        <Shown query={query} what="approvals" lines={6}>
          {({ approvals }) =>
            approvals.length === 0 ? (
              <Empty title={view === "open" ? "No open approvals." : "No decisions yet."}>
                {view === "open" ? (
                  <p>
                    A task of kind <code>approve</code> requests an approval, and its run waits for the
                    decision. Paused and failed runs are listed in the <Link to="/">overview</Link>.
                  </p>
                ) : null}
              </Empty>
            ) : (
              <ul className="approvals">
                {approvals.map((approval) => (
                  <li
                    key={`${approval.about?.id}/${approval.approvalId}`}
                    id={`${approval.about?.id}/${approval.approvalId}`}
                  >
                    <Question approval={approval} />
                  </li>
                ))}
              </ul>
            )
          }
        </Shown>
      </Tabs>
    </>
  );
}
