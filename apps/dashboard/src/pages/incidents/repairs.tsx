import { useQuery } from "@tanstack/react-query";
import type { Incident, IncidentRepair, Routes } from "@tutti/rest/types";
import { useState } from "react";
import { repairPath, repairPreviewQuery, repairRunsQuery } from "../../data/incident-queries.ts";
import { Action } from "../../elements/action.tsx";
import { Dialog } from "../../elements/dialog.tsx";
import { TextField } from "../../elements/fields.tsx";
import { InlineText } from "../../elements/markdown.tsx";
import { counted } from "../../elements/moments.ts";
import { Facts, Part } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { commandLine } from "../../elements/spelled.ts";
import { WorkLink } from "../../elements/work-link.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { badgeOf, runStates } from "../../score/states.ts";
import { notify } from "../../shell/notice-board.ts";
import { canUndo, changeOf, namespaceOfWork, repairText } from "./incident.ts";
import { useIncidentRefresh } from "./incident-actions.tsx";

interface Options {
  readonly incident: Incident;
  readonly namespace: string;
}

/** The repair under review. */
interface Chosen {
  readonly repair: IncidentRepair;
  readonly undo: boolean;
}

/** Advice of the rules, and repairs. Each repair shows what it changes, and is executed as a run. */
export function Repairs({ incident, namespace }: Options) {
  const { advice, repairs } = incident;
  const [chosen, setChosen] = useState<Chosen>();
  if (advice.length === 0 && repairs.length === 0) return null;
  return (
    <Part title="What to do">
      {advice.length === 0 ? null : (
        <ul className="incident-advice">
          {advice.map((line) => (
            <li key={line}>
              <InlineText text={line} />
            </li>
          ))}
        </ul>
      )}
      <ul className="incident-repairs">
        {repairs.map((repair) => (
          <li key={repair.summary}>
            <button type="button" className="press" onClick={() => setChosen({ repair, undo: false })}>
              <span className="clipped">{repair.summary} …</span>
            </button>
            {canUndo(repair) ? (
              <button type="button" className="press" onClick={() => setChosen({ repair, undo: true })}>
                Undo …
              </button>
            ) : null}
            <span className="small soft">{repairText(repair)}</span>
          </li>
        ))}
      </ul>
      <RepairRuns incident={incident} />
      <Dialog
        title={chosen === undefined ? "" : `${chosen.undo ? "Undo: " : ""}${chosen.repair.summary}`}
        open={chosen !== undefined}
        onClose={() => setChosen(undefined)}
        wide
      >
        {chosen === undefined ? null : (
          <Review
            incident={incident}
            namespace={namespace}
            {...chosen}
            onClose={() => setChosen(undefined)}
          />
        )}
      </Dialog>
    </Part>
  );
}

/** The runs of repairs for the incident. */
function RepairRuns({ incident }: { incident: Incident }) {
  const namespace = namespaceOfWork(incident);
  const { data } = useQuery(repairRunsQuery(incident.incidentId, namespace));
  if (data === undefined || data.runs.length === 0) return null;
  return (
    <ul className="incident-failed" aria-label="Repair runs">
      {data.runs.map(({ runId, status, spec }) => (
        <li key={runId}>
          <BadgeMark badge={badgeOf(runStates, status)} /> {spec?.labels["repair"]}{" "}
          <WorkLink about={{ kind: "run", id: runId, namespace }} />
        </li>
      ))}
    </ul>
  );
}

type Reply = Routes["incidents.repair"]["reply"];

function Review({ incident, namespace, repair, undo, onClose }: Options & Chosen & { onClose: () => void }) {
  const { incidentId } = incident;
  const refresh = useIncidentRefresh();
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState<Typed>({ version: "", agents: "", patch: "" });
  const onType = (input: Partial<Typed>) => setTyped({ ...typed, ...input });
  const version = typed.version.trim();
  const { kind = "retry", subject = "", taskId = "" } = repair;
  const change = changeOf(kind, { ...typed, taskId });
  const body = { kind, subject, version, undo, ...change.body };
  const query = useQuery({ ...repairPreviewQuery(incidentId, namespace, body), enabled: change.isWhole });
  const command = commandLine(
    ...["tutti", "incident", "repair", incidentId, kind.replaceAll("_", "-"), subject].filter(Boolean),
    ...(version === "" ? [] : ["--to", version]),
    ...change.args,
    ...(undo ? ["--undo"] : []),
    ...["--reason", reason.trim() || "REASON", "--namespace", namespace],
  );
  return (
    <form className="sure" onSubmit={(event) => event.preventDefault()}>
      <Change kind={kind} undo={undo} typed={typed} onType={onType} problem={change.problem} />
      {change.isWhole ? (
        <QueryView query={query} label="the preview" lines={3}>
          {(preview) => <Touched preview={preview} />}
        </QueryView>
      ) : null}
      <TextField label="Reason" value={reason} onChange={setReason} placeholder="recorded with each change" />
      <div className="dialog-foot">
        <Action
          label={undo ? "Undo repair" : "Start repair"}
          weight="main"
          submit
          disabled={!change.isWhole || query.data === undefined || (query.data.count ?? 0) === 0}
          call={{
            method: "POST",
            path: repairPath(incidentId, namespace),
            body: { ...body, reason: reason.trim() },
          }}
          command={command}
          onDone={(reply) => {
            notify({ tone: "done", text: `Repair started: run ${(reply as Reply).run?.id ?? ""}.` });
            refresh();
            onClose();
          }}
        />
      </div>
    </form>
  );
}

/** Values entered by the user. */
interface Typed {
  readonly version: string;
  readonly agents: string;
  readonly patch: string;
}

interface ChangeOptions {
  readonly kind: NonNullable<IncidentRepair["kind"]>;
  readonly undo: boolean;
  readonly typed: Typed;
  readonly onType: (input: Partial<Typed>) => void;
  readonly problem: string | undefined;
}

/** The fields of a kind of repair. */
function Change({ kind, undo, typed: { version, agents, patch }, onType, problem }: ChangeOptions) {
  if (undo) return null;
  if (kind === "move")
    return (
      <TextField
        label="Version"
        value={version}
        onChange={(next) => onType({ version: next })}
        placeholder="latest"
        hint="a label or a hash"
        code
      />
    );
  if (kind === "scale")
    return (
      <TextField
        label="Minimum agents"
        value={agents}
        onChange={(next) => onType({ agents: next })}
        placeholder="twice as many as now"
        inputMode="numeric"
        problem={problem}
      />
    );
  if (kind !== "fix") return null;
  return (
    <TextField
      label="Fields of the input to change, as JSON"
      value={patch}
      onChange={(next) => onType({ patch: next })}
      placeholder='{"currency": "EUR"}'
      hint="The other fields stay. null removes a field."
      problem={problem}
      lines={4}
      code
    />
  );
}

function Touched({ preview: { summary = "", leftAlone = 0, sample } }: { preview: Reply }) {
  return (
    <>
      <p>{summary}</p>
      <Facts
        facts={[
          ...(leftAlone > 0 ? [["Left alone", counted(leftAlone, "run")] as const] : []),
          ...(sample.length > 0 ? [["For example", sample.map(({ id }) => id).join(", ")] as const] : []),
        ]}
      />
    </>
  );
}
