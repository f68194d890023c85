import type { Incident } from "@tutti/rest/types";
import { useState } from "react";
import { Action } from "../../elements/action.tsx";
import { Copy } from "../../elements/copy.tsx";
import { Dialog } from "../../elements/dialog.tsx";
import { TextField } from "../../elements/fields.tsx";
import { Markdown } from "../../elements/markdown.tsx";
import { Part, Tag } from "../../elements/parts.tsx";
import { commandLine } from "../../elements/spelled.ts";
import { changeCall, useIncidentRefresh } from "./incident-actions.tsx";

/** The post-mortem. Until a user writes it, a draft of the known facts is shown. */
export function PostMortem({ incident, namespace }: { incident: Incident; namespace: string }) {
  const { incidentId, postMortem = "", draft } = incident;
  const [editing, setEditing] = useState(false);
  if (postMortem === "") return null;
  return (
    <Part
      title="Post-mortem"
      aside={
        <>
          {draft === true ? <Tag tone="held">draft</Tag> : null}{" "}
          <Copy text={postMortem} label="the post-mortem" />
        </>
      }
    >
      <Markdown text={postMortem} />
      <button type="button" className="press incident-more" onClick={() => setEditing(true)}>
        Edit post-mortem …
      </button>
      <Dialog title={`Post-mortem of ${incidentId}`} open={editing} onClose={() => setEditing(false)} wide>
        {editing ? (
          <Editor
            incidentId={incidentId}
            namespace={namespace}
            first={postMortem}
            onDone={() => setEditing(false)}
          />
        ) : null}
      </Dialog>
    </Part>
  );
}

/** An editor that starts with the text from the time when it was opened. */
function Editor(options: { incidentId: string; namespace: string; first: string; onDone: () => void }) {
  const { incidentId, namespace, first, onDone } = options;
  const [text, setText] = useState(first);
  const refresh = useIncidentRefresh();
  return (
    <form className="sure" onSubmit={(event) => event.preventDefault()}>
      <TextField
        label="Text"
        value={text}
        onChange={setText}
        hint="Markdown, at most 64 KiB."
        lines={24}
        code
      />
      <div className="dialog-foot">
        <Action
          label="Save post-mortem"
          weight="main"
          submit
          disabled={text.trim() === ""}
          call={changeCall(incidentId, namespace, { postMortem: text })}
          command={commandLine(
            "tutti",
            "incident",
            "post-mortem",
            incidentId,
            "FILE",
            "--namespace",
            namespace,
          )}
          onDone={() => {
            refresh();
            onDone();
          }}
        />
      </div>
    </form>
  );
}
