import { useQueryClient } from "@tanstack/react-query";
import type { BulkActionInput, PreviewBulkReply } from "@tutti/rest/types";
import { useState } from "react";
import { client } from "../../data/live.ts";
import { reloadRunLists } from "../../data/run-lists.ts";
import { type PageError, pageError, send } from "../../data/send.ts";
import { Action } from "../../elements/action.tsx";
import { Dialog } from "../../elements/dialog.tsx";
import { TextField } from "../../elements/fields.tsx";
import { count, counted } from "../../elements/moments.ts";
import { Failure, Loading, Meter, Tag } from "../../elements/parts.tsx";
import { notify } from "../../shell/notice-board.ts";
import {
  bulkCommand,
  bulkFilterOf,
  isFiltered,
  type Moving,
  mappingOf,
  toLatest,
  type Verb,
} from "./filter.ts";
import type { RunsSearch } from "./search.ts";

const verbs: readonly (readonly [verb: Verb, label: string, done: string])[] = [
  ["cancel", "Cancel", "cancelled"],
  ["retry", "Retry", "retried"],
  ["pause", "Pause", "paused"],
  ["resume", "Resume", "resumed"],
  ["terminate", "Terminate", "terminated"],
  ["move", "Move", "moved"],
];

interface BulkOptions {
  marked: ReadonlySet<string>;
  search: RunsSearch;
  requestedMs: number;
  onDone: (done: number) => void;
}

/** Executes an action on all selected runs or on all runs that match the list, after a preview. */
export function Bulk(options: BulkOptions & { total: number | undefined }) {
  const { marked, search, total } = options;
  const [verb, setVerb] = useState<Verb | undefined>();
  const all = marked.size === 0;
  const target = all
    ? `all ${total === undefined ? "" : `${count(total)} `}matching runs`
    : counted(marked.size, "run");
  const isIdle = all && !isFiltered(search);
  return (
    <fieldset className={isIdle ? "bulk idle" : "bulk"}>
      <legend className="unseen">Bulk actions</legend>
      <span className="small soft bulk-what">
        {isIdle ? "Select runs or set a filter for bulk actions" : `With ${target}:`}
      </span>
      {verbs.map(([name, label]) => (
        <button key={name} type="button" className="press" disabled={isIdle} onClick={() => setVerb(name)}>
          {label} runs …
        </button>
      ))}
      <Dialog
        title={`${verbs.find(([name]) => name === verb)?.[1] ?? ""} ${target}`}
        open={verb !== undefined}
        onClose={() => setVerb(undefined)}
        wide
      >
        {verb === undefined ? null : verb === "move" ? (
          <Moves {...options} verb={verb} onClose={() => setVerb(undefined)} />
        ) : (
          <Preview {...options} verb={verb} moving={toLatest} onClose={() => setVerb(undefined)} />
        )}
      </Dialog>
    </fieldset>
  );
}

interface Chosen extends BulkOptions {
  verb: Verb;
  moving: Moving;
  onClose: () => void;
}

function previewCall({ marked, search, requestedMs, verb, moving }: Chosen) {
  const filter = marked.size > 0 ? { runIds: [...marked] } : bulkFilterOf(search, requestedMs);
  const move = { version: moving.version.trim(), map: mappingOf(moving), restart: moving.restart };
  const action: BulkActionInput = verb === "move" ? { move } : { [verb]: {} };
  return { method: "POST", path: "/v1/bulk/preview", body: { filter, action } } as const;
}

/** The target version of a move. A change of the target creates a new preview. */
function Moves(options: Omit<Chosen, "moving">) {
  const [written, setWritten] = useState(toLatest);
  const [moving, setMoving] = useState(toLatest);
  return (
    <>
      <div className="bulk-move">
        <TextField
          label="Version"
          value={written.version}
          onChange={(version) => setWritten({ ...written, version })}
          placeholder="latest"
          hint="a label or a hash"
          code
        />
        <TextField
          label="Mapping"
          value={written.map}
          onChange={(map) => setWritten({ ...written, map })}
          placeholder="old=new"
          hint="one task or state a line. old= drops it"
          lines={2}
          code
        />
        <label className="small">
          <input
            type="checkbox"
            checked={written.restart}
            onChange={({ target }) => setWritten({ ...written, restart: target.checked })}
          />{" "}
          Restart attempts that the version cannot take over
        </label>
        <button
          type="button"
          className="press"
          disabled={written === moving}
          onClick={() => setMoving(written)}
        >
          Review
        </button>
      </div>
      <Preview key={JSON.stringify(moving)} {...options} moving={moving} />
    </>
  );
}

/** The preview of an action, then the button that executes it. */
function Preview(options: Chosen) {
  const [preview, setPreview] = useState<PreviewBulkReply | undefined>();
  const [problem, setProblem] = useState<PageError | undefined>();
  const [isRequested, setIsRequested] = useState(false);
  if (!isRequested) {
    setIsRequested(true);
    send(previewCall(options)).then(
      (reply) => setPreview(reply as PreviewBulkReply),
      (error: unknown) => setProblem(pageError(error)),
    );
  }
  if (problem !== undefined)
    return <Failure title="Preview not available" message={problem.message} code={problem.code} />;
  if (preview === undefined) return <Loading label="the preview" lines={5} />;
  return <Apply {...options} preview={preview} />;
}

function Apply(options: Chosen & { preview: PreviewBulkReply }) {
  const { marked, verb, preview, onClose, onDone } = options;
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState<string | undefined>();
  const [progress, setProgress] = useState<{ done: number; remaining: number } | undefined>();
  const queries = useQueryClient();
  const [, label = "", participle = ""] = verbs.find(([name]) => name === verb) ?? [];
  const many = preview.count ?? 0;
  const perform = () => {
    if (reason.trim() !== "") return applied(preview, reason.trim(), setProgress);
    setMissing("Enter a reason.");
    return undefined;
  };
  const finish = (reply: unknown) => {
    if (reply === undefined) return;
    const { done, refused } = reply as Applied;
    const rejectedText = refused === 0 ? "" : `, ${counted(refused, "run")} rejected`;
    notify({
      tone: refused === 0 ? "done" : "held",
      text: `${counted(done, "run")} ${participle}${rejectedText}`,
    });
    void reloadRunLists();
    void queries.invalidateQueries({ queryKey: ["counts"] });
    onDone(done);
    onClose();
  };
  return (
    <div className="bulk-preview">
      <Previewed preview={preview} participle={participle} />
      <TextField
        label="Reason"
        value={reason}
        onChange={setReason}
        required
        problem={missing}
        placeholder="recorded in the history"
      />
      <div className="bulk-progress">
        {progress === undefined ? null : (
          <>
            <Meter share={progress.done / Math.max(1, progress.done + progress.remaining)} />
            <span className="small soft" role="status">
              {count(progress.done)} done, {count(progress.remaining)} remaining
            </span>
          </>
        )}
      </div>
      <div className="dialog-foot">
        <button type="button" className="press" onClick={onClose}>
          Close
        </button>
        <Action
          label={`${label} ${counted(many, "run")}`}
          weight={verb === "cancel" || verb === "terminate" ? "grave" : "main"}
          disabled={many === 0}
          call={{
            method: "POST",
            path: "/v1/bulk/apply",
            body: { previewToken: preview.previewToken ?? "", reason: reason || "why" },
          }}
          command={bulkCommand(verb, [...marked], options.search, reason, options.moving)}
          perform={perform}
          onDone={finish}
        />
      </div>
    </div>
  );
}

/** The effect of the action, the number of runs, and some examples. */
function Previewed({ preview, participle }: { preview: PreviewBulkReply; participle: string }) {
  const many = preview.count ?? 0;
  return (
    <>
      <p className="bulk-count">
        <strong>{counted(many, "run")}</strong> will be {participle}
        {preview.leftAlone ? <>, {counted(preview.leftAlone, "run")} skipped because of their state</> : null}
        .
      </p>
      <ul className="bulk-groups">
        {preview.groups.map(({ value, count: each }) => (
          <li key={value}>
            <Tag>{value}</Tag> {count(each ?? 0)}
          </li>
        ))}
      </ul>
      {preview.reviews.length === 0 ? null : (
        <ul className="bulk-reviews small">
          {preview.reviews.slice(0, 8).map(({ runId = "", review }) => (
            <li key={runId}>
              <code>{runId}</code> {review?.problems[0]?.id ? <code>{review.problems[0].id}</code> : null}{" "}
              {review?.problems[0]?.message}
            </li>
          ))}
        </ul>
      )}
      {preview.sample.length > 0 ? (
        <p className="small soft bulk-sample">
          For example{" "}
          {preview.sample
            .slice(0, 5)
            .map(({ runId }) => runId)
            .join(", ")}
          {many > 5 ? " …" : ""}
        </p>
      ) : null}
    </>
  );
}

interface Applied {
  readonly done: number;
  readonly refused: number;
}

/** Executes the action to its end. After a disconnect, the client continues from the cursor. */
async function applied(
  { previewToken = "" }: PreviewBulkReply,
  reason: string,
  onProgress: (progress: { done: number; remaining: number }) => void,
): Promise<Applied> {
  let done = 0;
  let refused = 0;
  for await (const message of client.follow("bulk.apply", { body: { previewToken, reason } })) {
    if (!("value" in message)) continue;
    done = message.value.done ?? done;
    refused += message.value.refusals.length;
    onProgress({ done, remaining: message.value.remaining ?? 0 });
  }
  return { done, refused };
}
