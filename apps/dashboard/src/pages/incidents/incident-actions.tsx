import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { Incident } from "@tutti/rest/types";
import { useState } from "react";
import { callerQuery } from "../../data/queries.ts";
import { Action } from "../../elements/action.tsx";
import { Dialog } from "../../elements/dialog.tsx";
import { TextField } from "../../elements/fields.tsx";
import { type Call, commandLine, pathOf } from "../../elements/spelled.ts";
import { nameOf } from "../../shell/you-dialog.tsx";

type Change = "owner" | "note" | "resolution" | "postMortem";

const verbs = { owner: "own", note: "note", resolution: "resolve", postMortem: "post-mortem" } as const;

export function changeCall(
  incidentId: string,
  namespace: string,
  change: Partial<Record<Change, string>>,
): Call {
  return { method: "PATCH", path: pathOf(["incidents", incidentId], { namespace }), body: change };
}

function changeCommand(incidentId: string, namespace: string, change: Change, text: string): string {
  return commandLine("tutti", "incident", verbs[change], incidentId, text, "--namespace", namespace);
}

/** Returns a function that reloads incidents. */
export function useIncidentRefresh(): () => void {
  const queries = useQueryClient();
  return () => void queries.invalidateQueries({ queryKey: ["incidents"] });
}

const dialogs = {
  owner: { label: "Assign incident", field: "Owner", hint: "A person or a team.", lines: 1 },
  note: { label: "Add note", field: "Note", hint: "Shown in the timeline with your name.", lines: 4 },
  resolution: {
    label: "Resolve incident",
    field: "Resolution",
    hint: "The cause and the fix. Part of the post-mortem.",
    lines: 4,
  },
} as const;
type IncidentChange = keyof typeof dialogs;

/** Actions on an incident: acknowledge, assign, add a note, resolve. */
export function IncidentActions({ incident, namespace }: { incident: Incident; namespace: string }) {
  const { incidentId, owner = "", status } = incident;
  const { data: caller } = useQuery(callerQuery());
  const [change, setChange] = useState<IncidentChange>();
  const refresh = useIncidentRefresh();
  const me = caller === undefined ? "" : nameOf(caller);
  return (
    <>
      {status === "resolved" || me === "" || owner === me ? null : (
        <Action
          label="Take incident"
          weight={owner === "" ? "main" : "plain"}
          call={changeCall(incidentId, namespace, { owner: me })}
          command={changeCommand(incidentId, namespace, "owner", me)}
          onDone={refresh}
        />
      )}
      {status === "resolved" ? null : (
        <button type="button" className="press" onClick={() => setChange("owner")}>
          Assign incident …
        </button>
      )}
      <button type="button" className="press" onClick={() => setChange("note")}>
        Add note …
      </button>
      {status === "resolved" ? null : (
        <button type="button" className="press" onClick={() => setChange("resolution")}>
          Resolve incident …
        </button>
      )}
      <Dialog
        title={
          change === undefined
            ? ""
            : `${dialogs[change].label} ${change === "note" ? "to " : ""}${incidentId}`
        }
        open={change !== undefined}
        onClose={() => setChange(undefined)}
      >
        {change === undefined ? null : (
          <ChangeForm
            incident={incident}
            namespace={namespace}
            change={change}
            onDone={() => {
              refresh();
              setChange(undefined);
            }}
          />
        )}
      </Dialog>
    </>
  );
}

interface ChangeOptions {
  readonly incident: Incident;
  readonly namespace: string;
  readonly change: IncidentChange;
  readonly onDone: () => void;
}

function ChangeForm({ incident, namespace, change, onDone }: ChangeOptions) {
  const { incidentId, firing = 0 } = incident;
  const { label, field, hint, lines } = dialogs[change];
  const [written, setWritten] = useState("");
  const text = written.trim();
  return (
    <form className="sure" onSubmit={(event) => event.preventDefault()}>
      {change === "resolution" && firing > 0 ? (
        <p className="tone-held incident-warning">
          Alerts of this incident are firing. It stays resolved until another alert joins.
        </p>
      ) : null}
      <TextField label={field} value={written} required onChange={setWritten} hint={hint} lines={lines} />
      <div className="dialog-foot">
        <Action
          label={label}
          weight="main"
          submit
          disabled={text === ""}
          call={changeCall(incidentId, namespace, { [change]: text })}
          command={changeCommand(incidentId, namespace, change, text)}
          onDone={onDone}
        />
      </div>
    </form>
  );
}
