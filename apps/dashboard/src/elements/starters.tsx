/** Parts of the pages of schedules and triggers: what starts runs by itself. */
import type { UseQueryResult } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import type { Schedule } from "@tutti/rest/types";
import { type ReactNode, useState } from "react";
import { type PageError, send } from "../data/send.ts";
import { BadgeMark } from "../score/glyph.tsx";
import { activeOrPaused } from "../score/states.ts";
import { Action } from "./action.tsx";
import { Dialog } from "./dialog.tsx";
import { counted } from "./moments.ts";
import { Empty, Failure, PageHead } from "./parts.tsx";
import { QueryView } from "./query-view.tsx";
import { type Call, commandLine } from "./spelled.ts";
import "./starters.css";

type RunTemplate = NonNullable<Schedule["run"]>;
type Kind = "schedule" | "trigger";

/** The list of all starters of a kind. A new one is created in a dialog. */
export function StartersPage<Reply, Item>(options: {
  kind: Kind;
  query: UseQueryResult<Reply>;
  itemsOf: (reply: Reply) => readonly Item[];
  idOf: (item: Item) => string;
  line: (item: Item) => ReactNode;
  form: (close: () => void) => ReactNode;
  /** Next to the button that creates one. */
  actions?: ReactNode;
}) {
  const { kind, query, itemsOf, idOf, line, form, actions } = options;
  const [isCreating, setIsCreating] = useState(false);
  const title = `Create ${kind}`;
  const create = (weight: string) => (
    <button type="button" className={`press${weight}`} onClick={() => setIsCreating(true)}>
      {title}
    </button>
  );
  return (
    <>
      <PageHead
        title={kind === "schedule" ? "Schedules" : "Triggers"}
        below={query.data === undefined ? <>&nbsp;</> : counted(itemsOf(query.data).length, kind)}
        actions={
          <>
            {actions}
            {create(" main")}
          </>
        }
      />
      <QueryView query={query} label={`${kind}s`} lines={6}>
        {(reply) => {
          const items = itemsOf(reply);
          if (items.length === 0) return <Empty title={`No ${kind}s yet.`}>{create("")}</Empty>;
          return (
            <ul className={`starters of-${kind}s`}>
              {items.map((item) => (
                <li key={idOf(item)}>{line(item)}</li>
              ))}
            </ul>
          );
        }}
      </QueryView>
      <Dialog title={title} open={isCreating} onClose={() => setIsCreating(false)} wide>
        {form(() => setIsCreating(false))}
      </Dialog>
    </>
  );
}

interface Starter {
  readonly description?: string;
  readonly paused?: boolean;
  readonly note?: string;
  readonly run?: RunTemplate;
}

/** The line of a starter in the list: its name, when it starts runs, what it has started, and its actions. */
export function StarterLine(options: {
  starter: Starter;
  name: ReactNode;
  when: string;
  actions: ReactNode;
  children: ReactNode;
}) {
  const { description, note, run, paused } = options.starter;
  return (
    <article className="starter">
      <div>
        <h2>{options.name}</h2>
        <p className="small soft">
          {description || (run?.definition?.name ? `starts ${run.definition.name}` : "")}
          {paused === true && note ? ` · ${note}` : ""}
        </p>
      </div>
      <div className="starter-facts">
        <PausedBadge paused={paused} />
        <code>{options.when}</code>
      </div>
      <div className="small starter-facts">{options.children}</div>
      {options.actions}
    </article>
  );
}

export function PausedBadge({ paused }: { paused: boolean | undefined }) {
  return <BadgeMark badge={paused === true ? activeOrPaused.paused : activeOrPaused.going} />;
}

/** What a starter starts, as a fact. */
export function startsFact(run: RunTemplate | undefined): readonly [string, ReactNode] {
  const name = run?.definition?.name;
  if (name === undefined) return ["Starts", "tasks"];
  const link = (
    <Link key="starts" to="/workflows/$name" params={{ name }}>
      {name}
    </Link>
  );
  return ["Starts", link];
}

export function RunLink({ runId }: { runId: string | undefined }) {
  if (!runId) return "–";
  return (
    <Link to="/runs/$runId" params={{ runId }}>
      {runId}
    </Link>
  );
}

/** A form that creates a starter. Problems are shown, and block it, after the first attempt. */
export function CreateForm(options: {
  kind: Kind;
  call: Call;
  command: string;
  isValid: boolean;
  onCreated: () => void;
  onClose: () => void;
  children: (isSubmitted: boolean) => ReactNode;
}) {
  const { kind, call, command, isValid, onCreated, onClose, children } = options;
  const [isSubmitted, setIsSubmitted] = useState(false);
  const [refusal, setRefusal] = useState<PageError | undefined>();
  const perform = () => {
    setIsSubmitted(true);
    setRefusal(undefined);
    return isValid ? send(call).then(() => true) : undefined;
  };
  const title = kind === "schedule" ? "Schedule not created" : "Trigger not created";
  return (
    <form className="starter-form" noValidate onSubmit={(event) => event.preventDefault()}>
      {children(isSubmitted)}
      {refusal === undefined ? null : <Failure title={title} message={refusal.message} code={refusal.code} />}
      <div className="dialog-foot">
        <button type="button" className="press" onClick={onClose}>
          Cancel
        </button>
        <Action
          label={`Create ${kind}`}
          weight="main"
          submit
          call={call}
          command={command}
          perform={perform}
          onDone={(reply) => {
            if (reply !== true) return;
            onClose();
            onCreated();
          }}
          onError={setRefusal}
        />
      </div>
    </form>
  );
}

/** A button that opens a dialog. */
export function Opening(options: {
  label: string;
  title: string;
  children: (close: () => void) => ReactNode;
}) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" className="press" onClick={() => setOpen(true)}>
        {options.label}
      </button>
      <Dialog title={options.title} open={open} onClose={() => setOpen(false)}>
        {options.children(() => setOpen(false))}
      </Dialog>
    </>
  );
}

/** Removes a starter after a question. */
export function RemoveStarter(options: { kind: Kind; id: string; effect: string; onRemoved: () => void }) {
  const { kind, id, effect, onRemoved } = options;
  const navigate = useNavigate();
  return (
    <Opening label={`Remove ${kind} …`} title={`Remove ${id}`}>
      {(close) => (
        <>
          <p>{effect}</p>
          <div className="dialog-foot">
            <button type="button" className="press" onClick={close}>
              Keep it
            </button>
            <Action
              label={`Remove ${kind}`}
              weight="grave"
              call={{ method: "DELETE", path: `/v1/${kind}s/${encodeURIComponent(id)}` }}
              command={commandLine("tutti", kind, "delete", id, "--yes")}
              doneText={`Removed ${id}.`}
              onDone={() => {
                onRemoved();
                void navigate({ to: kind === "schedule" ? "/schedules" : "/triggers" });
              }}
            />
          </div>
        </>
      )}
    </Opening>
  );
}
