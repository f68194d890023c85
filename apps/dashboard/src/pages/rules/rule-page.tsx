import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { ruleQuery } from "../../data/governance-queries.ts";
import { Dialog } from "../../elements/dialog.tsx";
import { Moment } from "../../elements/moment.tsx";
import "../../elements/listed.css";
import { ConfirmForm } from "../../elements/confirm-form.tsx";
import { PageHead } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { commandLine } from "../../elements/spelled.ts";
import { useWindowTitle } from "../../elements/work-page.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { ruleBadge } from "../../score/states.ts";
import { principalText } from "../access/question.ts";
import { draftOfRule, emptyRule } from "./draft.ts";
import { RuleEditor } from "./rule-editor.tsx";
import { useRulesChanged } from "./use-rules-changed.ts";
import { VersionsPart } from "./versions-part.tsx";
import "../drafting/drafting.css";
import "./rules.css";

/** The editor page of an admission rule: check, comparison with the current rule, shadow mode, and set. */
export function RulePage() {
  const { id } = useSearch({ from: "/rule" });
  const rule = useQuery({ ...ruleQuery(id ?? ""), enabled: id !== undefined });
  useWindowTitle(id === undefined ? "New rule" : `Rule ${id}`);
  const [removing, setRemoving] = useState(false);
  return (
    <>
      <PageHead
        title={id === undefined ? "New rule" : `Rule ${id}`}
        below={
          <>
            {rule.data === undefined ? null : (
              <>
                <BadgeMark badge={ruleBadge(rule.data)} /> · changed <Moment atMs={rule.data.updateTimeMs} />{" "}
                by {principalText(rule.data.updateCause?.actor)} ·{" "}
              </>
            )}
            <Link to="/audit" search={{ view: "compliance" }}>
              All rules
            </Link>
          </>
        }
        actions={
          rule.data === undefined ? undefined : (
            <button type="button" className="press" onClick={() => setRemoving(true)}>
              Delete rule …
            </button>
          )
        }
      />
      {id === undefined ? (
        <RuleEditor first={emptyRule} isNew revision="" />
      ) : (
        <>
          <QueryView query={rule} label="the rule" lines={10}>
            {(known) => (
              <RuleEditor
                key={known.revision}
                first={draftOfRule(known)}
                isNew={false}
                revision={known.revision ?? ""}
              />
            )}
          </QueryView>
          <VersionsPart id={id} />
        </>
      )}
      <Dialog title={`Delete ${id}?`} open={removing} onClose={() => setRemoving(false)}>
        <Remove id={id ?? ""} />
      </Dialog>
    </>
  );
}

function Remove({ id }: { id: string }) {
  const changed = useRulesChanged();
  const navigate = useNavigate();
  return (
    <ConfirmForm
      action={{
        label: "Delete rule",
        weight: "grave",
        question: "The rule no longer applies. Its versions are kept.",
        doneText: `Deleted ${id}.`,
      }}
      call={(reason) => ({
        method: "DELETE",
        path: `/v1/rules/${encodeURIComponent(id)}${reason === "" ? "" : `?${new URLSearchParams({ reason })}`}`,
      })}
      command={(reason) => commandLine("tutti", "rule", "delete", id, "--reason", reason)}
      onDone={() => {
        changed();
        void navigate({ to: "/audit", search: { view: "compliance" } });
      }}
    />
  );
}
