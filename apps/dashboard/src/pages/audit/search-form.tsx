import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { nowMs } from "../../effects/time.ts";
import { ChoiceField, TextField } from "../../elements/fields.tsx";
import { pathOf } from "../../elements/spelled.ts";
import { Spelled } from "../../elements/spelled-popover.tsx";
import { type AuditSearch, auditSearch, parametersOf, searchCommand } from "./search.ts";

/** The search form. The address contains the search, so that users can share it. */
export function SearchForm(options: { criteria: AuditSearch; isBusy: boolean; onRefetch: () => void }) {
  const { criteria, isBusy, onRefetch } = options;
  const navigate = useNavigate({ from: "/audit" });
  const [draft, setDraft] = useState(criteria);
  const patch = (next: Partial<AuditSearch>) => setDraft({ ...draft, ...next });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const search = auditSearch({ ...draft });
    if (JSON.stringify(search) === JSON.stringify(auditSearch({ ...criteria }))) onRefetch();
    else void navigate({ search, resetScroll: false });
  };
  return (
    <form className="look-for" onSubmit={submit}>
      <TextField
        label="Actor"
        value={draft.actor ?? ""}
        placeholder="person/ada"
        code
        onChange={(actor) => patch({ actor })}
      />
      <TextField
        label="Event"
        value={draft.action ?? ""}
        placeholder="run.task_*"
        code
        onChange={(action) => patch({ action })}
      />
      <TextField
        label="Object"
        value={draft.about ?? ""}
        placeholder="run/order-1"
        code
        onChange={(about) => patch({ about })}
      />
      <TextField label="Text" type="search" value={draft.text ?? ""} onChange={(text) => patch({ text })} />
      <WhenFields draft={draft} onChange={setDraft} />
      <span className="action main">
        <button type="submit" className="press" disabled={isBusy} aria-busy={isBusy}>
          Search
        </button>
        <Spelled
          label="Search"
          call={{ method: "GET", path: pathOf(["audit", "records"], parametersOf(draft, nowMs())) }}
          command={searchCommand("search", draft)}
        />
      </span>
    </form>
  );
}

function WhenFields(options: { draft: AuditSearch; onChange: (next: AuditSearch) => void }) {
  const { draft, onChange } = options;
  return (
    <>
      <ChoiceField
        label="Since"
        value={draft.within ?? ""}
        choices={[
          ["", "any time"],
          ["1h", "an hour ago"],
          ["1d", "a day ago"],
          ["7d", "seven days ago"],
          ["30d", "30 days ago"],
        ]}
        onChange={(within) => onChange(auditSearch({ ...draft, within }))}
      />
      <ChoiceField
        label="Order"
        value={draft.oldest === true ? "oldest" : "latest"}
        choices={[
          ["latest", "latest first"],
          ["oldest", "oldest first"],
        ]}
        onChange={(value) => onChange(auditSearch({ ...draft, oldest: value === "oldest" }))}
      />
    </>
  );
}
