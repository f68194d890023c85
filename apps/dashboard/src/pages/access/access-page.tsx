import { useNavigate, useSearch } from "@tanstack/react-router";
import "../../elements/listed.css";
import { PageHead } from "../../elements/parts.tsx";
import { Tabs } from "../../elements/tabs.tsx";
import { BrowsersView } from "./browsers-view.tsx";
import { DecisionsView } from "./decisions-view.tsx";
import { KeptOutView } from "./kept-out-view.tsx";
import { KeysView } from "./keys-view.tsx";
import { PoliciesView } from "./policies-view.tsx";
import { SignInsView } from "./sign-ins-view.tsx";
import { WhoView } from "./who-view.tsx";
import "./access.css";

const tabs = [
  ["who", "Permissions"],
  ["policies", "Policies"],
  ["decisions", "Decisions"],
  ["keys", "Keys"],
  ["sign-ins", "Tokens"],
  ["browsers", "Sign-ins"],
  ["kept-out", "Lock-outs"],
] as const;

/** Who may do what, which policies say so, what was decided, and who holds a key. */
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
        {view === "who" ? <WhoView /> : null}
        {view === "policies" ? <PoliciesView /> : null}
        {view === "decisions" ? <DecisionsView /> : null}
        {view === "keys" ? <KeysView /> : null}
        {view === "sign-ins" ? <SignInsView /> : null}
        {view === "browsers" ? <BrowsersView /> : null}
        {view === "kept-out" ? <KeptOutView /> : null}
      </Tabs>
    </>
  );
}
