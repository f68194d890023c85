import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Trigger } from "@tutti/rest/types";
import { useState } from "react";
import { triggersQuery } from "../../data/queries.ts";
import { Dialog } from "../../elements/dialog.tsx";
import { Moment } from "../../elements/moment.tsx";
import { count, counted } from "../../elements/moments.ts";
import { Empty, PageHead, Tag } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { activationStates, activeOrPaused, badgeOf } from "../../score/states.ts";
import { CreateTrigger } from "./create-trigger.tsx";
import { sourceText } from "./rules.ts";
import { PauseOrResume } from "./trigger-actions.tsx";
import "./triggers.css";

/** All triggers. */
export function TriggersPage() {
  const query = useQuery(triggersQuery());
  const [creating, setCreating] = useState(false);
  return (
    <>
      <PageHead
        title="Triggers"
        below={query.data === undefined ? <>&nbsp;</> : counted(query.data.triggers.length, "trigger")}
        actions={
          <button type="button" className="press main" onClick={() => setCreating(true)}>
            Create trigger
          </button>
        }
      />
      <QueryView query={query} label="triggers" lines={6}>
        {({ triggers }) =>
          triggers.length === 0 ? (
            <Empty title="No triggers yet.">
              <button type="button" className="press" onClick={() => setCreating(true)}>
                Create trigger
              </button>
            </Empty>
          ) : (
            <ul className="triggers">
              {triggers.map((trigger) => (
                <li key={trigger.triggerId}>
                  <Line trigger={trigger} />
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
      <Dialog title="Create trigger" open={creating} onClose={() => setCreating(false)} wide>
        <CreateTrigger onDone={() => setCreating(false)} />
      </Dialog>
    </>
  );
}

function Line({ trigger }: { trigger: Trigger }) {
  const { triggerId, description, paused, note, run, source, counts, recent } = trigger;
  const [last] = recent;
  const dead = counts?.dead ?? 0;
  return (
    <article className="trigger">
      <div className="trigger-what">
        <h2>
          <Link to="/triggers/$triggerId" params={{ triggerId }}>
            {triggerId}
          </Link>
        </h2>
        <p className="small soft">
          {description || (run?.definition?.name ? `starts ${run.definition.name}` : "")}
          {paused === true && note ? ` · ${note}` : ""}
        </p>
      </div>
      <div className="trigger-when">
        <BadgeMark badge={paused === true ? activeOrPaused.paused : activeOrPaused.going} />
        <code>{sourceText(source)}</code>
      </div>
      <div className="small trigger-counts">
        <span>
          {count(counts?.received ?? 0)} received, {count(counts?.started ?? 0)} started,{" "}
          {counted(counts?.duplicates ?? 0, "duplicate")}
        </span>
        {dead === 0 ? null : (
          <span>
            <Tag tone="wrong">{counted(dead, "dead letter")}</Tag>
          </span>
        )}
        <span>
          <span className="soft">last</span>{" "}
          {last === undefined ? (
            "never"
          ) : (
            <>
              {badgeOf(activationStates, last.result).label}, <Moment atMs={last.timeMs} />
            </>
          )}
        </span>
      </div>
      <div className="page-actions">
        <PauseOrResume trigger={trigger} />
      </div>
    </article>
  );
}
