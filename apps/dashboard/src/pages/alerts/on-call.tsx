import { useQuery } from "@tanstack/react-query";
import type { EscalationPolicy, OnCall as OnCallNow, OnCallShift, Rotation } from "@tutti/rest/types";
import { useState } from "react";
import { escalationPoliciesQuery, onCallQuery, rotationsQuery } from "../../data/alert-queries.ts";
import { nowMs } from "../../effects/time.ts";
import { Action } from "../../elements/action.tsx";
import { Dialog } from "../../elements/dialog.tsx";
import { ChoiceField, TextField } from "../../elements/fields.tsx";
import { Moment } from "../../elements/moment.tsx";
import { counted, span } from "../../elements/moments.ts";
import { Empty, Part, Tag } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { commandLine } from "../../elements/spelled.ts";
import { pathIn, useAlertNamespace, useAlertRefresh } from "./refresh.ts";

/** The current and next members on call, and how alerts escalate. */
export function OnCall() {
  const namespace = useAlertNamespace();
  const query = useQuery(onCallQuery(namespace));
  const kept = useQuery(rotationsQuery(namespace));
  const policies = useQuery(escalationPoliciesQuery(namespace));
  return (
    <Part title="On call">
      <QueryView query={query} label="on-call rotations" lines={2}>
        {({ rotations }) =>
          rotations.length === 0 ? (
            <Empty title="No rotations yet.">
              Describe rotations and escalation policies in files: <code>tutti apply FILE</code>
            </Empty>
          ) : (
            <ul className="alerts">
              {rotations.map((each) => (
                <li key={each.rotationId} className="alert">
                  <Line
                    onCall={each}
                    rotation={kept.data?.rotations.find(({ rotationId }) => rotationId === each.rotationId)}
                  />
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
      {(policies.data?.policies ?? []).length === 0 ? null : (
        <ul className="alerts">
          {policies.data?.policies.map((policy) => (
            <li key={policy.policyId} className="alert">
              <Policy policy={policy} />
            </li>
          ))}
        </ul>
      )}
    </Part>
  );
}

function Line({ onCall, rotation }: { onCall: OnCallNow; rotation: Rotation | undefined }) {
  const { rotationId = "", title, timeZone, shifts } = onCall;
  const [now, ...later] = shifts;
  const [overriding, setOverriding] = useState(false);
  return (
    <>
      <div>
        <h3>{title || rotationId}</h3>
        <p>
          <b>{now?.member}</b> · ends <Moment atMs={now?.endTimeMs} />{" "}
          {now?.overridden === true ? <Tag tone="held">override</Tag> : null}
        </p>
        <p className="small soft">
          {rotationId} · {timeZone} · {now?.receivers.join(", ")}
        </p>
      </div>
      <ol className="shifts small">
        {later.map((shift, at) => (
          <li key={shift.startTimeMs}>
            <Shift shift={shift} isNext={at === 0} />
          </li>
        ))}
      </ol>
      <div className="page-actions">
        {rotation === undefined ? null : (
          <button type="button" className="press" onClick={() => setOverriding(true)}>
            Override …
          </button>
        )}
      </div>
      {rotation === undefined ? null : (
        <Dialog title={`Override ${rotationId}`} open={overriding} onClose={() => setOverriding(false)}>
          <Override rotation={rotation} onDone={() => setOverriding(false)} />
        </Dialog>
      )}
    </>
  );
}

function Shift({ shift, isNext }: { shift: OnCallShift; isNext: boolean }) {
  return (
    <>
      {isNext ? "next: " : ""}
      <b>{shift.member}</b>
      {shift.overridden === true ? " (override)" : ""} <Moment atMs={shift.startTimeMs} />
    </>
  );
}

const hours = [4, 12, 24] as const;
const hourMs = 3_600_000;

/** A form that puts another member on call for some time. */
function Override({ rotation, onDone }: { rotation: Rotation; onDone: () => void }) {
  const { rotationId = "", members, overrides, revision = "" } = rotation;
  const namespace = useAlertNamespace();
  const [member, setMember] = useState(members[0]?.name ?? "");
  const [reason, setReason] = useState("");
  const [openedMs] = useState(nowMs);
  const refresh = useAlertRefresh();
  const { namespace: _, updateCause: _cause, revision: _seen, rotationId: _id, ...fields } = rotation;
  const remaining = overrides.filter((override) => (override.span?.toMs ?? 0) > openedMs);
  const query = new URLSearchParams({ revision, ...(reason !== "" && { reason }) });
  return (
    <form className="sure" onSubmit={(event) => event.preventDefault()}>
      <ChoiceField
        label="Member"
        value={member}
        choices={members.map(({ name = "" }) => [name, name] as const)}
        onChange={setMember}
      />
      <TextField
        label="Reason"
        value={reason}
        onChange={setReason}
        hint="Recorded in the history with your name."
      />
      <div className="dialog-foot">
        {hours.map((count) => (
          <Action
            key={count}
            label={`On call for ${count} h`}
            call={{
              method: "PUT",
              path: pathIn(namespace, `/v1/rotations/${encodeURIComponent(rotationId)}?${query}`),
              body: {
                ...fields,
                overrides: [
                  ...remaining,
                  { member, receivers: [], span: { fromMs: openedMs, toMs: openedMs + count * hourMs } },
                ],
              },
            }}
            command={commandLine(
              ...(["tutti", "alert", "override", rotationId, member, "--for", `${count}h`] as const),
              ...(["--namespace", namespace] as const),
            )}
            onDone={() => {
              refresh();
              onDone();
            }}
          />
        ))}
      </div>
    </form>
  );
}

function Policy({ policy }: { policy: EscalationPolicy }) {
  const { policyId = "", title, steps, repeats = 0 } = policy;
  return (
    <>
      <div>
        <h3>{title || policyId}</h3>
        <p className="small soft">
          Escalation {policyId}
          {repeats > 0 ? ` · repeated ${counted(repeats, "time")}` : ""}
        </p>
      </div>
      <ol className="shifts small">
        {steps.map(({ afterMs = 0, receivers, rotations }, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a step is its place
          <li key={at}>
            {at + 1}. {afterMs === 0 ? "at once" : `after ${span(afterMs)}`}:{" "}
            <b>{[...rotations, ...receivers].join(", ")}</b>
          </li>
        ))}
      </ol>
    </>
  );
}
