import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { Decision } from "@tutti/rest/types";
import { useState } from "react";
import { decisionQuery, decisionsQuery, policySchemaQuery } from "../../data/governance-queries.ts";
import { pageError } from "../../data/send.ts";
import { Dialog } from "../../elements/dialog.tsx";
import { ChoiceField } from "../../elements/fields.tsx";
import { Moment } from "../../elements/moment.tsx";
import { count } from "../../elements/moments.ts";
import { Empty, Failure, Loading, Part } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { WorkLink } from "../../elements/work-link.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { accessStates } from "../../score/states.ts";
import { Decided } from "./decided.tsx";
import { principalText } from "./question.ts";
import { actionsOf } from "./vocabulary.ts";

const filters = { all: {}, denied: { allowed: "false" }, shadow: { shadowDiffers: true } } as const;

/** Recent decisions. Equal decisions are one line with their number. */
export function DecisionsView() {
  const { decided } = useSearch({ from: "/access" });
  const navigate = useNavigate({ from: "/access" });
  const [open, setOpen] = useState<Decision | undefined>();
  const query = useInfiniteQuery(decisionsQuery(filters[decided ?? "all"]));
  const decisions = query.data?.pages.flatMap((page) => page.decisions) ?? [];
  return (
    <Part title="Decisions">
      <div className="decided-which">
        <ChoiceField
          label="Filter"
          value={decided ?? "all"}
          choices={[
            ["all", "all"],
            ["denied", "denied"],
            ["shadow", "changed by policies in shadow mode"],
          ]}
          onChange={(next) => {
            const chosen = next === "denied" || next === "shadow" ? ({ decided: next } as const) : {};
            void navigate({ search: { view: "decisions", ...chosen } });
          }}
        />
      </div>
      {query.data === undefined && query.error === null ? <Loading label="decisions" lines={6} /> : null}
      {query.data === undefined && query.error !== null ? (
        <Failure
          title="Decisions cannot be shown"
          {...pageError(query.error)}
          onRetry={() => void query.refetch()}
        />
      ) : null}
      {query.data !== undefined && decisions.length === 0 ? <Nothing decided={decided} /> : null}
      {decisions.length === 0 ? null : (
        <ul className="decisions">
          {decisions.map((decision) => (
            <li key={decision.decisionId}>
              <Line decision={decision} onOpen={() => setOpen(decision)} />
            </li>
          ))}
        </ul>
      )}
      {query.hasNextPage ? (
        <button type="button" className="press" onClick={() => void query.fetchNextPage()}>
          Show earlier decisions
        </button>
      ) : null}
      <Dialog title="Decision" open={open !== undefined} onClose={() => setOpen(undefined)} wide>
        {open === undefined ? null : <Explained decision={open} />}
      </Dialog>
    </Part>
  );
}

function Nothing({ decided }: { decided: "denied" | "shadow" | undefined }) {
  if (decided === "denied") return <Empty title="No recent denials." />;
  if (decided === "shadow")
    return (
      <Empty title="No policy in shadow mode changes a decision.">
        A policy in shadow mode is evaluated and recorded, but does not affect decisions.
      </Empty>
    );
  return (
    <Empty title="No decisions yet.">
      Calls with a key or a token are recorded, except those of the administrator of this machine.
    </Empty>
  );
}

function Line({ decision, onOpen }: { decision: Decision; onOpen: () => void }) {
  const { question, allowed = false, shadowAllowed, count: many = 1, decideTimeMs, work } = decision;
  return (
    <article className="decision">
      <BadgeMark badge={accessStates[allowed ? "allowed" : "denied"]} />
      <button type="button" className="text-link" onClick={onOpen}>
        <code>{principalText(question?.actor)}</code> <code>{question?.action}</code>
      </button>
      <span className="small soft">
        {work?.id ? <WorkLink about={work} /> : null} {many > 1 ? `${count(many)} times, last ` : ""}
        <Moment atMs={decideTimeMs} />
      </span>
      {shadowAllowed === undefined || shadowAllowed === allowed ? null : (
        <span className="small tone-held turned">would be {shadowAllowed ? "allowed" : "denied"}</span>
      )}
    </article>
  );
}

function Explained({ decision }: { decision: Decision }) {
  const query = useQuery(decisionQuery(decision.decisionId));
  const schema = useQuery(policySchemaQuery());
  const { actor, action = "", resourceKind = "", resourceId = "" } = decision.question ?? {};
  return (
    <QueryView query={query} label="the decision" lines={5}>
      {({ decision: complete = decision, summary }) => (
        <>
          {summary ? <p>{summary}</p> : null}
          <Decided decision={complete} actions={actionsOf(schema.data?.schema ?? "")} />
          <p>
            <Link
              to="/access"
              search={{
                who: principalText(actor),
                action,
                kind: resourceKind,
                ...(resourceId ? { id: resourceId } : {}),
              }}
            >
              Check permission now
            </Link>
          </p>
        </>
      )}
    </QueryView>
  );
}
