import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import "../../elements/listed.css";
import { useMemo } from "react";
import { policySchemaQuery } from "../../data/governance-queries.ts";
import { PageHead } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { Tabs } from "../../elements/tabs.tsx";
import { AccessCheckForm } from "./access-check-form.tsx";
import { BrowsersView } from "./browsers-view.tsx";
import { DecisionsView } from "./decisions-view.tsx";
import { KeysView } from "./keys-view.tsx";
import { LockoutsView } from "./lockouts-view.tsx";
import { MatrixPart } from "./matrix-part.tsx";
import { PoliciesView } from "./policies-view.tsx";
import { type AccessCheck, emptyCheck } from "./question.ts";
import { SignInsView } from "./sign-ins-view.tsx";
import "./access.css";
import { actionsOf } from "./vocabulary.ts";

const tabs = [
  ["who", "Permissions"],
  ["policies", "Policies"],
  ["decisions", "Decisions"],
  ["keys", "Keys"],
  ["sign-ins", "Tokens"],
  ["browsers", "Sign-ins"],
  ["kept-out", "Lock-outs"],
] as const;

/** Access rights, the policies behind them, recent decisions, and keys. */
export function AccessPage() {
  const { view = "who" } = useSearch({ from: "/access" });
  const navigate = useNavigate({ from: "/access" });
  return (
    <>
      <PageHead title="Access" below="Roles and policies permit actions. All others are denied." />
      <Tabs
        label="Access views"
        tabs={tabs}
        current={view}
        onChange={(next) => void navigate({ search: { view: next } })}
      >
        {view === "who" ? <CheckView /> : null}
        {view === "policies" ? <PoliciesView /> : null}
        {view === "decisions" ? <DecisionsView /> : null}
        {view === "keys" ? <KeysView /> : null}
        {view === "sign-ins" ? <SignInsView /> : null}
        {view === "browsers" ? <BrowsersView /> : null}
        {view === "kept-out" ? <LockoutsView /> : null}
      </Tabs>
    </>
  );
}

/** Access questions, single and as a matrix. */
function CheckView() {
  const search = useSearch({ from: "/access" });
  const navigate = useNavigate({ from: "/access" });
  const schema = useQuery(policySchemaQuery());
  const actions = useMemo(() => actionsOf(schema.data?.schema ?? ""), [schema.data]);
  const { who = "", action = "", kind = "", id = "" } = search;
  const check: AccessCheck = { ...emptyCheck, who, action, kind, id };
  const submit = (next: AccessCheck) => {
    const search = Object.fromEntries(Object.entries(next).filter(([, value]) => value !== ""));
    void navigate({ search, resetScroll: false });
  };
  return (
    <QueryView query={schema} label="permissions" lines={8}>
      {() => (
        <>
          <AccessCheckForm key={JSON.stringify(check)} check={check} actions={actions} onCheck={submit} />
          <MatrixPart
            actions={actions}
            onCheck={(next) => {
              submit(next);
              document.getElementById("ask")?.scrollIntoView({ block: "start" });
            }}
          />
        </>
      )}
    </QueryView>
  );
}
