import { useQueryClient } from "@tanstack/react-query";
import type { Approval } from "@tutti/rest/types";
import { useState } from "react";
import { Action } from "../../elements/action.tsx";
import { isAboutQuestions } from "../../elements/claim.tsx";
import { Dialog } from "../../elements/dialog.tsx";
import { TextField } from "../../elements/fields.tsx";
import { delegateCall, delegateCommand } from "./decide.ts";

/** Delegates the answer to other users. */
export function Delegate({ approval }: { approval: Approval }) {
  const queries = useQueryClient();
  const [isOpen, setIsOpen] = useState(false);
  const [people, setPeople] = useState("");
  const [reason, setReason] = useState("");
  if (approval.about?.kind === "mission") return null;
  const delegation = { people: people.split(/[\s,]+/).filter(Boolean), reason: reason.trim() };
  return (
    <>
      <button type="button" className="press" onClick={() => setIsOpen(true)}>
        Delegate …
      </button>
      <Dialog title="Delegate the answer" open={isOpen} onClose={() => setIsOpen(false)}>
        <form className="sure" onSubmit={(event) => event.preventDefault()}>
          <TextField
            label="People"
            value={people}
            required
            onChange={setPeople}
            hint="People, groups or roles, with commas."
          />
          <TextField label="Reason" value={reason} onChange={setReason} hint="Optional. Recorded." />
          <div className="dialog-foot">
            <Action
              label="Delegate"
              weight="main"
              submit
              disabled={delegation.people.length === 0}
              call={delegateCall(approval, delegation)}
              command={delegateCommand(approval, delegation)}
              doneText="Delegated."
              onDone={() => {
                setIsOpen(false);
                void queries.invalidateQueries({ predicate: isAboutQuestions });
              }}
            />
          </div>
        </form>
      </Dialog>
    </>
  );
}
