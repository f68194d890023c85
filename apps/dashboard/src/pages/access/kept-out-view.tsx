import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { Lockout } from "@tutti/rest/types";
import { useState } from "react";
import { guessesQuery, lockoutsKey, lockoutsQuery } from "../../data/governance-queries.ts";
import { Dialog } from "../../elements/dialog.tsx";
import { Moment } from "../../elements/moment.tsx";
import { count, counted } from "../../elements/moments.ts";
import { Empty, Part } from "../../elements/parts.tsx";
import { Shown } from "../../elements/shown.tsx";
import { commandLine, pathOf } from "../../elements/spelled.ts";
import { Sure } from "../../elements/sure.tsx";

/** Lock-outs by address and account: start time, failed attempts, and a button to unlock. */
export function KeptOutView() {
  const query = useQuery(lockoutsQuery());
  const [lifting, setLifting] = useState("");
  const [asking, setAsking] = useState("");
  return (
    <Part title="Lock-outs" aside="of the whole installation, twice as long each time">
      <Shown query={query} what="lock-outs" lines={3}>
        {({ lockouts }) =>
          lockouts.length === 0 ? (
            <Empty title="No lock-outs.">
              Repeated failed sign-ins lock out a key, token or link for an address. Valid credentials pass.
            </Empty>
          ) : (
            <ul className="listed">
              {lockouts.map((lockout) => (
                <li key={lockout.subject}>
                  <Line lockout={lockout} onAsk={setAsking} onLift={setLifting} />
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
      <Dialog title={`Failed sign-ins from ${asking}`} open={asking !== ""} onClose={() => setAsking("")}>
        {asking === "" ? null : <Guesses subject={asking} />}
      </Dialog>
      <Dialog title={`Unlock ${lifting}?`} open={lifting !== ""} onClose={() => setLifting("")}>
        {lifting === "" ? null : <Lift subject={lifting} onDone={() => setLifting("")} />}
      </Dialog>
    </Part>
  );
}

interface LineOptions {
  readonly lockout: Lockout;
  readonly onAsk: (subject: string) => void;
  readonly onLift: (subject: string) => void;
}

function Line({ lockout, onAsk, onLift }: LineOptions) {
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
        <button type="button" className="press" onClick={() => onAsk(subject)}>
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
    <Shown query={query} what="failed sign-ins" lines={4}>
      {({ records }) =>
        records.length === 0 ? (
          <p>No records yet. The audit lists rejections after some seconds.</p>
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
    </Shown>
  );
}

function Lift({ subject, onDone }: { subject: string; onDone: () => void }) {
  const client = useQueryClient();
  return (
    <Sure
      action={{
        label: "Unlock",
        weight: "main",
        question: "Sign-ins are possible at once, and the failures are cleared.",
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
