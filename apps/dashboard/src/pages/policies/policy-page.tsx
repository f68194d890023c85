import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { Policy } from "@tutti/rest/types";
import { useMemo, useState } from "react";
import { policiesQuery, policyQuery, policySchemaQuery } from "../../data/governance-queries.ts";
import { Dialog } from "../../elements/dialog.tsx";
import { Moment } from "../../elements/moment.tsx";
import "../../elements/listed.css";
import { ConfirmForm } from "../../elements/confirm-form.tsx";
import { PageHead, Part } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { commandLine } from "../../elements/spelled.ts";
import { useWindowTitle } from "../../elements/work-page.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { badgeOf, enforcements } from "../../score/states.ts";
import { principalText } from "../access/question.ts";
import { actionsOf } from "../access/vocabulary.ts";
import { draftOfPolicy, emptyPolicy } from "./draft.ts";
import { PolicyEditor } from "./policy-editor.tsx";
import { useChanged } from "./use-changed.ts";
import "../drafting/drafting.css";
import "./policies.css";

/** The policy editor page: check, test cases, comparison with recorded decisions, and apply. */
export function PolicyPage() {
  const { id, of, version } = useSearch({ from: "/policy" });
  const schema = useQuery(policySchemaQuery());
  const policies = useQuery(policiesQuery());
  const policy = useQuery({
    ...policyQuery(id ?? "", { ...(of && { namespace: of }), ...(version && { version }) }),
    enabled: id !== undefined,
  });
  const actions = useMemo(() => actionsOf(schema.data?.schema ?? ""), [schema.data]);
  useWindowTitle(id === undefined ? "New policy" : `Policy ${id}`);
  const [removing, setRemoving] = useState(false);
  const present = policies.data?.version ?? 0;
  const isOtherNamespace = of !== undefined;
  return (
    <>
      <PageHead
        title={id === undefined ? "New policy" : `Policy ${id}`}
        below={
          <>
            {policy.data === undefined ? null : <Changed policy={policy.data} />}
            {version === undefined ? "" : `as it was in version ${version} · `}
            <Link to="/access" search={{ view: "policies" }}>
              All policies
            </Link>
          </>
        }
        actions={
          id === undefined || isOtherNamespace ? undefined : (
            <button type="button" className="press" onClick={() => setRemoving(true)}>
              Remove policy …
            </button>
          )
        }
      />
      <QueryView query={schema} label="policy schema" lines={10}>
        {() =>
          id === undefined ? (
            <PolicyEditor first={emptyPolicy} isNew present={present} actions={actions} />
          ) : (
            <QueryView query={policy} label="the policy" lines={10}>
              {(known) =>
                isOtherNamespace ? (
                  <Part title="Text" aside="namespace system: switch to it to edit">
                    <pre className="statement">{known.text}</pre>
                  </Part>
                ) : (
                  <PolicyEditor
                    key={known.revision}
                    first={draftOfPolicy(known)}
                    isNew={false}
                    present={present}
                    actions={actions}
                  />
                )
              }
            </QueryView>
          )
        }
      </QueryView>
      <Dialog title={`Remove ${id}?`} open={removing} onClose={() => setRemoving(false)}>
        <Remove id={id ?? ""} present={present} />
      </Dialog>
    </>
  );
}

function Remove({ id, present }: { id: string; present: number }) {
  const changed = useChanged();
  const navigate = useNavigate();
  return (
    <ConfirmForm
      action={{
        label: "Remove policy",
        weight: "grave",
        question: "The policy no longer applies. Roll back to restore it.",
        doneText: `Removed ${id}.`,
      }}
      call={(reason) => ({
        method: "POST",
        path: "/v1/policies/apply",
        body: { change: { removedPolicyIds: [id] }, version: present, reason },
      })}
      command={(reason) => commandLine("tutti", "policy", "apply", "--remove", id, "--reason", reason)}
      onDone={() => {
        changed();
        void navigate({ to: "/access", search: { view: "policies" } });
      }}
    />
  );
}

function Changed({ policy }: { policy: Policy }) {
  return (
    <>
      <BadgeMark badge={badgeOf(enforcements, policy.enforcement)} /> · changed{" "}
      <Moment atMs={policy.updateTimeMs} /> by {principalText(policy.updateCause?.actor)} ·{" "}
    </>
  );
}
