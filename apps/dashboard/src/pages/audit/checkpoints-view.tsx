import { useQuery } from "@tanstack/react-query";
import type { AuditFault } from "@tutti/rest/types";
import { useEffect, useRef, useState } from "react";
import { checkpointsQuery, signingKeysQuery } from "../../data/governance-queries.ts";
import { client } from "../../data/live.ts";
import { type PageError, pageError } from "../../data/send.ts";
import { CopyLine } from "../../elements/copy.tsx";
import { Moment } from "../../elements/moment.tsx";
import { count, counted } from "../../elements/moments.ts";
import { Empty, Failure, Part } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { Glyph } from "../../score/glyph.tsx";
import { bytesOf, hex } from "./bytes.ts";

/** Checkpoints, signing keys, and verification of the whole audit. */
export function CheckpointsView() {
  const checkpoints = useQuery(checkpointsQuery());
  return (
    <>
      <VerifyPart />
      <KeysPart />
      <Part title="Checkpoints" aside="each covers all records before it">
        <QueryView query={checkpoints} label="checkpoints" lines={6}>
          {({ checkpoints: list }) =>
            list.length === 0 ? (
              <Empty title="No checkpoints yet.">
                The first checkpoint is created one minute after the first record.
              </Empty>
            ) : (
              <table className="lines checkpoints">
                <thead>
                  <tr>
                    <th scope="col">Checkpoint</th>
                    <th scope="col">Made</th>
                    <th scope="col">Heads</th>
                    <th scope="col">Root</th>
                  </tr>
                </thead>
                <tbody>
                  {list.map(({ number = 0, createTimeMs, treeSize = 0, rootHash }) => (
                    <tr key={number}>
                      <td>{number}</td>
                      <td>
                        <Moment atMs={createTimeMs} />
                      </td>
                      <td>{count(treeSize)}</td>
                      <td>
                        <code>{hex(bytesOf(rootHash)).slice(0, 24)}…</code>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )
          }
        </QueryView>
      </Part>
    </>
  );
}

function KeysPart() {
  const query = useQuery(signingKeysQuery());
  return (
    <Part title="Signing keys">
      <p className="small soft">
        Store the first key outside of the installation. It is enough to verify all records.
      </p>
      <QueryView query={query} label="signing keys" lines={2}>
        {({ keys }) => (
          <ul className="signing-keys">
            {keys.map(({ signingKeyId, publicKey = "", startTimeMs, endTimeMs }) => (
              <li key={signingKeyId}>
                <CopyLine label={endTimeMs === undefined ? "signs" : "signed"} text={publicKey} />
                <span className="small soft">
                  <code>{signingKeyId}</code>, since <Moment atMs={startTimeMs} />
                  {endTimeMs === undefined ? null : (
                    <>
                      {" "}
                      until <Moment atMs={endTimeMs} />
                    </>
                  )}
                </span>
              </li>
            ))}
          </ul>
        )}
      </QueryView>
    </Part>
  );
}

interface Verified {
  readonly checked: number;
  readonly total: number;
  readonly faults: readonly AuditFault[];
  readonly isComplete: boolean;
  readonly problem?: PageError;
}

/** Lets the installation verify its journals against the signed checkpoints, and shows the progress. */
function VerifyPart() {
  const [verified, setVerified] = useState<Verified | undefined>();
  const running = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  const verify = async () => {
    running.current?.abort();
    const current = new AbortController();
    running.current = current;
    const { signal } = current;
    let known: Verified = { checked: 0, total: 0, faults: [], isComplete: false };
    setVerified(known);
    try {
      for await (const message of client.follow("audit.verify", {}, { signal })) {
        if (message.kind === "ready" || message.kind === "gap") continue;
        const { checked = known.checked, total = known.total, faults = [], last = false } = message.value;
        known = { checked, total, faults: [...known.faults, ...faults], isComplete: last };
        setVerified(known);
        if (last) break;
      }
    } catch (error) {
      if (signal.aborted) return;
      const problem = pageError(error);
      setVerified({ ...known, problem });
    }
  };
  const isBusy = verified !== undefined && !verified.isComplete && verified.problem === undefined;
  return (
    <Part
      title="All records"
      aside={
        verified === undefined
          ? undefined
          : `${count(verified.checked)} of ${counted(verified.total, "record")}`
      }
    >
      <button
        type="button"
        className="press"
        disabled={isBusy}
        aria-busy={isBusy}
        onClick={() => void verify()}
      >
        Verify all records
      </button>
      <div aria-live="polite">
        {verified?.problem === undefined ? null : (
          <Failure
            title="Verification failed"
            message={verified.problem.message}
            code={verified.problem.code}
          />
        )}
        {verified?.isComplete === true && verified.faults.length === 0 ? (
          <p className="proof-word tone-done">
            <Glyph name="final" /> All {counted(verified.checked, "record")} match their signatures.
          </p>
        ) : null}
        {verified === undefined || verified.faults.length === 0 ? null : (
          <ul className="tone-wrong">
            {verified.faults.map(({ recordId, kind, message }) => (
              <li key={`${recordId} ${kind} ${message}`}>
                <Glyph name="cross" /> <code>{recordId}</code> {kind}: {message}
              </li>
            ))}
          </ul>
        )}
      </div>
    </Part>
  );
}
