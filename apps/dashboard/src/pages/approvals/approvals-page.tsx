import { useQuery } from "@tanstack/react-query";
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

/** Questions that runs and missions ask people, and what was answered. */
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
            "Nobody waits for you."
          ) : (
            `${counted(many, "question")} waiting`
          )
        }
      />
      <Tabs
        label="Which questions"
        tabs={[
          ["open", "Waiting"],
          ["decided", "Decided"],
        ]}
        current={view}
        onChange={setView}
      >
        <Shown query={query} what="approvals" lines={6}>
          {({ approvals }) =>
            approvals.length === 0 ? (
              <Empty title={view === "open" ? "No question is open" : "Nothing has been decided yet"}>
                {view === "open" ? (
                  <p>
                    A task of kind <code>approve</code> asks here, and its run waits for the answer.
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
