/** Actions on triggers in a dialog: test one, post an event, replay past events. */
import type { PublishEventsReply, ReplayEventsReply, TestTriggerReply, Trigger } from "@tutti/rest/types";
import { useState } from "react";
import { type PageError, send } from "../../data/send.ts";
import { intentKey } from "../../effects/chance.ts";
import { Action } from "../../elements/action.tsx";
import { TextField } from "../../elements/fields.tsx";
import { Json } from "../../elements/json.tsx";
import { count } from "../../elements/moments.ts";
import { Facts, Failure } from "../../elements/parts.tsx";
import { Opening } from "../../elements/starters.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { triggerTests } from "../../score/states.ts";
import {
  type EventDraft,
  eventDraftOf,
  eventOf,
  postCommand,
  postedEventOf,
  postedText,
  type RangeDraft,
  rangeOf,
  replayCommand,
  testCommand,
} from "./rules.ts";
import { triggerCall, useRefresh } from "./trigger-actions.tsx";

export function TestTrigger({ trigger }: { trigger: Trigger }) {
  return (
    <Opening label="Test trigger …" title={`Test ${trigger.triggerId}`}>
      {(close) => <TestForm trigger={trigger} onClose={close} />}
    </Opening>
  );
}

function TestForm({ trigger, onClose }: { trigger: Trigger; onClose: () => void }) {
  const { triggerId } = trigger;
  const [draft, setDraft] = useState(() => eventDraftOf(trigger));
  const [reply, setReply] = useState<TestTriggerReply | undefined>();
  const [refusal, setRefusal] = useState<PageError | undefined>();
  const read = eventOf(draft, "test");
  const body = { triggerId, ...(read.ok && read.event !== undefined ? { event: read.event } : {}) };
  const call = { method: "POST", path: "/v1/triggers/test", body } as const;
  return (
    <form className="starter-form" noValidate onSubmit={(event) => event.preventDefault()}>
      <p>The test starts no run. Without data, the newest event of the log is tested.</p>
      <EventFields draft={draft} problem={read.ok ? undefined : read.problem} onChange={setDraft} />
      {refusal === undefined ? null : (
        <Failure title="Not tested" message={refusal.message} code={refusal.code} />
      )}
      <div aria-live="polite">{reply === undefined ? null : <TestResult reply={reply} />}</div>
      <div className="dialog-foot">
        <button type="button" className="press" onClick={onClose}>
          Close
        </button>
        <Action
          label="Test trigger"
          weight="main"
          submit
          call={call}
          command={testCommand(triggerId, read.ok ? read.data : undefined)}
          disabled={!read.ok}
          perform={() => {
            setRefusal(undefined);
            return send(call);
          }}
          onDone={(found) => setReply(found as TestTriggerReply)}
          onError={setRefusal}
        />
      </div>
    </form>
  );
}

function EventFields(options: {
  draft: EventDraft;
  problem: string | undefined;
  onChange: (draft: EventDraft) => void;
}) {
  const { draft, problem, onChange } = options;
  return (
    <>
      <TextField
        label="Event type"
        value={draft.type}
        code
        onChange={(type) => onChange({ ...draft, type })}
      />
      <TextField
        label="Data"
        hint="JSON"
        value={draft.data}
        lines={5}
        code
        problem={problem || undefined}
        onChange={(data) => onChange({ ...draft, data })}
      />
    </>
  );
}

/** @param type the initial type of the event */
export function PostEvent({ type = "" }: { type?: string }) {
  return (
    <Opening label="Post event …" title="Post an event">
      {(close) => <PostForm type={type} onClose={close} />}
    </Opening>
  );
}

function PostForm({ type, onClose }: { type: string; onClose: () => void }) {
  const [draft, setDraft] = useState<EventDraft>({ type, data: "" });
  // The same event, sent again after a break, takes effect once.
  const [id, setId] = useState(intentKey);
  const [reply, setReply] = useState<PublishEventsReply | undefined>();
  const [refusal, setRefusal] = useState<PageError | undefined>();
  const refresh = useRefresh();
  const read = postedEventOf(draft, id);
  const call = {
    method: "POST",
    path: "/v1/events",
    body: { events: read.ok && read.event !== undefined ? [read.event] : [] },
  } as const;
  return (
    <form className="starter-form" noValidate onSubmit={(event) => event.preventDefault()}>
      <p>The event goes to all triggers of its type, and to runs that wait for it.</p>
      <EventFields draft={draft} problem={read.ok ? undefined : read.problem} onChange={setDraft} />
      {refusal === undefined ? null : (
        <Failure title="Not posted" message={refusal.message} code={refusal.code} />
      )}
      <p aria-live="polite">{reply === undefined ? "" : postedText(reply)}</p>
      <div className="dialog-foot">
        <button type="button" className="press" onClick={onClose}>
          Close
        </button>
        <Action
          label="Post event"
          weight="main"
          submit
          call={call}
          command={postCommand(draft, read.ok ? read.data : undefined, id)}
          disabled={!read.ok}
          perform={() => {
            setRefusal(undefined);
            setReply(undefined);
            return send(call);
          }}
          onDone={(done) => {
            setReply(done as PublishEventsReply);
            setId(intentKey());
            refresh();
          }}
          onError={setRefusal}
        />
      </div>
    </form>
  );
}

function TestResult({ reply }: { reply: TestTriggerReply }) {
  const { event, ofSource = false, matched = false, problem = "", key = "", group = "", runId = "" } = reply;
  if (event === undefined) return <p>The log has no event of this trigger. Enter data.</p>;
  const badge =
    problem !== ""
      ? triggerTests.dead
      : matched
        ? triggerTests.starts
        : ofSource
          ? triggerTests.unmet
          : triggerTests.foreign;
  const facts: readonly (readonly [string, string])[] = [
    ["Event", [event.type, event.id].filter(Boolean).join(" ")],
    ["Problem", problem],
    ["Key", key],
    ["Group", group],
    ["Run id", runId],
  ];
  return (
    <>
      <BadgeMark badge={badge} />
      <Facts facts={facts.filter(([, text]) => text !== "")} />
      {reply.input === undefined || reply.input === null ? null : (
        <>
          <h3 className="starter-under">Input of the run</h3>
          <Json value={reply.input} label="the input" />
        </>
      )}
    </>
  );
}

export function ReplayEvents({ triggerId }: { triggerId: string }) {
  return (
    <Opening label="Replay events …" title={`Replay events to ${triggerId}`}>
      {(close) => <ReplayForm triggerId={triggerId} onClose={close} />}
    </Opening>
  );
}

function ReplayForm({ triggerId, onClose }: { triggerId: string; onClose: () => void }) {
  const [draft, setDraft] = useState<RangeDraft>({ from: "", to: "" });
  const [reply, setReply] = useState<ReplayEventsReply | undefined>();
  const range = rangeOf(draft);
  const isWrong = typeof range === "string";
  const span = isWrong ? {} : range;
  const refresh = useRefresh();
  return (
    <form className="starter-form" noValidate onSubmit={(event) => event.preventDefault()}>
      <p>Replays past events to the trigger. Events that already have a run start no run.</p>
      <div className="starter-grid">
        <TextField
          label="Since"
          hint="Default: the oldest event of the log"
          type="datetime-local"
          value={draft.from}
          onChange={(from) => setDraft({ ...draft, from })}
        />
        <TextField
          label="Until"
          hint="Default: now"
          type="datetime-local"
          value={draft.to}
          problem={isWrong ? range : undefined}
          onChange={(to) => setDraft({ ...draft, to })}
        />
      </div>
      <p aria-live="polite">
        {reply === undefined
          ? ""
          : `${count(reply.events ?? 0)} past events, ${count(reply.matched ?? 0)} met the condition, ${count(reply.duplicates ?? 0)} of these were seen before.`}
      </p>
      <div className="dialog-foot">
        <button type="button" className="press" onClick={onClose}>
          Close
        </button>
        <Action
          label="Replay events"
          weight="main"
          submit
          call={triggerCall(triggerId, "replay", { span })}
          command={replayCommand(triggerId, span)}
          disabled={isWrong}
          onDone={(found) => {
            setReply(found as ReplayEventsReply);
            refresh();
          }}
        />
      </div>
    </form>
  );
}
