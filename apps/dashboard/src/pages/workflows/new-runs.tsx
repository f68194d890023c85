/** The share of new runs that take a version, and its change. */
import { useQueryClient } from "@tanstack/react-query";
import { newRunsPercent } from "@tutti/rest/text";
import type { Definition } from "@tutti/rest/types";
import { useState } from "react";
import { Action } from "../../elements/action.tsx";
import { Dialog } from "../../elements/dialog.tsx";
import { TextField } from "../../elements/fields.tsx";
import { Tag } from "../../elements/parts.tsx";
import { commandLine } from "../../elements/spelled.ts";
import { percentProblem } from "./rollout.ts";

export function NewRuns({ version }: { version: Definition }) {
  const [open, setOpen] = useState(false);
  const { versionLabels: labels, hash = "" } = version;
  const percent = newRunsPercent(version) ?? 0;
  const shown = labels.find((label) => label !== "latest") ?? hash.slice(0, 12);
  if (version.archived === true) return <Tag tone="silent">archived</Tag>;
  return (
    <span className="workflow-tags">
      {percent === 0 ? null : <span>{percent} %</span>}
      {labels.includes("latest") ? null : (
        <>
          <button type="button" className="press quiet" onClick={() => setOpen(true)}>
            Roll out …
          </button>
          <Dialog title={`Roll out ${version.name}@${shown}`} open={open} onClose={() => setOpen(false)}>
            <RollOutForm version={version} shown={shown} percent={percent} onClose={() => setOpen(false)} />
          </Dialog>
        </>
      )}
    </span>
  );
}

function RollOutForm({
  version: { name = "", hash = "", versionLabels: labels },
  shown,
  percent,
  onClose,
}: {
  version: Definition;
  shown: string;
  percent: number;
  onClose: () => void;
}) {
  const queries = useQueryClient();
  const [draft, setDraft] = useState(percent === 0 ? "10" : String(percent));
  const problem = percentProblem(draft);
  const version = labels.find((label) => label !== "latest") ?? hash;
  return (
    <form noValidate onSubmit={(event) => event.preventDefault()}>
      <p>
        The latest version takes the other new runs. With 100 this version becomes the latest one. Runs that
        have started stay on their version.
      </p>
      <TextField
        label="Part of new runs"
        hint="percent, 0 to 100"
        value={draft}
        problem={problem}
        onChange={setDraft}
      />
      <div className="dialog-foot">
        <button type="button" className="press" onClick={onClose}>
          Close
        </button>
        <Action
          label="Roll out version"
          weight="main"
          submit
          disabled={problem !== undefined}
          call={{
            method: "POST",
            path: `/v1/workflows/${encodeURIComponent(name)}/rollout`,
            body: { version, percent: Number(draft) },
          }}
          command={commandLine(...["tutti", "workflow", "rollout", `${name}@${version}`, "--percent", draft])}
          doneText={`${name}@${shown} takes ${draft} % of new runs.`}
          onDone={() => {
            for (const kind of ["workflow", "workflows"])
              void queries.invalidateQueries({ queryKey: [kind] });
            onClose();
          }}
        />
      </div>
    </form>
  );
}
