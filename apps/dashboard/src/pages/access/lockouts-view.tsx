import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { Lockout } from "@tutti/rest/types";
import { useState } from "react";
import { guessesQuery, lockoutsKey, lockoutsQuery } from "../../data/governance-queries.ts";
import { ConfirmForm } from "../../elements/confirm-form.tsx";
import { Dialog } from "../../elements/dialog.tsx";
import { Moment } from "../../elements/moment.tsx";
import { count, counted } from "../../elements/moments.ts";
import { Empty, Part } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { commandLine, pathOf } from "../../elements/spelled.ts";

/** Lock-outs by address and account: start time, failed attempts, and a button to unlock. */
export function LockoutsView() {
  const query = useQuery(lockoutsQuery());
  const [lifting, setLifting] = useState("");
  const [inspected, setInspected] = useState("");
  return (
    <Part title="Lock-outs" aside="of the whole installation, twice as long each time">
      <QueryView query={query} label="lock-outs" lines={3}>
        {({ lockouts }) =>
          lockouts.length === 0 ? (
            <Empty title="No lock-outs.">
              Repeated failed sign-ins lock out a key, token or link for an address. Valid credentials pass.
            </Empty>
          ) : (
            <ul className="listed">
              {lockouts.map((lockout) => (
                <li key={lockout.subject}>
                  <Line lockout={lockout} onInspect={setInspected} onLift={setLifting} />
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
      <Dialog
        title={`Failed sign-ins from ${inspected}`}
        open={inspected !== ""}
        onClose={() => setInspected("")}
      >
        {inspected === "" ? null : <Guesses subject={inspected} />}
      </Dialog>
      <Dialog title={`Unlock ${lifting}?`} open={lifting !== ""} onClose={() => setLifting("")}>
        {lifting === "" ? null : <Lift subject={lifting} onDone={() => setLifting("")} />}
      </Dialog>
    </Part>
  );
}

interface LineOptions {
  readonly lockout: Lockout;
  readonly onInspect: (subject: string) => void;
  readonly onLift: (subject: string) => void;
}

function Line({ lockout, onInspect, onLift }: LineOptions) {
  const { subject = "", failures = 0, startTimeMs, endTimeMs } = lockout;
  return (
    <>
      <div>
        <strong>{subject}</strong>
        <p className="small soft">failed {counted(failures, "time")}</p>
      </div>
      <p className="small soft">
        since <Moment atMs={startTimeMs} />, until <Moment atMs={endTimeMs} />
      </p>
      <span className="listed-acts">
        <button type="button" className="press" onClick={() => onInspect(subject)}>
          Show failed sign-ins
        </button>
        <button type="button" className="press" onClick={() => onLift(subject)}>
          Unlock …
        </button>
      </span>
    </>
  );
}

/** The audit log records why a credential failed, but never the credential. */
function Guesses({ subject }: { subject: string }) {
  const query = useQuery(guessesQuery(subject));
  return (
    <QueryView query={query} label="failed sign-ins" lines={4}>
      {({ records }) =>
        records.length === 0 ? (
          <p>No records yet. The audit log shows rejections after a few seconds.</p>
        ) : (
          <ul className="listed">
            {records.map(({ recordId, timeMs, count: many = 1, error }) => (
              <li key={recordId}>
                <p>
                  {error?.message}
                  <br />
                  <span className="small soft">
                    <code>{error?.code}</code> <Moment atMs={timeMs} />
                    {many > 1 ? `, ${count(many)} times` : ""}
                  </span>
                </p>
              </li>
            ))}
          </ul>
        )
      }
    </QueryView>
  );
}

function Lift({ subject, onDone }: { subject: string; onDone: () => void }) {
  const client = useQueryClient();
  return (
    <ConfirmForm
      action={{
        label: "Unlock",
        weight: "main",
        question: "Sign-ins are allowed immediately, and the recorded failures are cleared.",
        doneText: `Unlocked ${subject}.`,
      }}
      call={(reason) => ({
        method: "POST",
        path: pathOf(["lockouts", "lift"], { namespace: "system" }),
        body: { subject, ...(reason === "" ? {} : { reason }) },
      })}
      command={(reason) =>
        commandLine("tutti", "lockout", "lift", subject, ...(reason === "" ? [] : ["--reason", reason]))
      }
      onDone={() => {
        void client.invalidateQueries({ queryKey: lockoutsKey });
        onDone();
      }}
    />
  );
}
