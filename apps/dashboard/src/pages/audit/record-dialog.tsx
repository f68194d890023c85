import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { AuditRecord, InclusionProof, SigningKey } from "@tutti/rest/types";
import { useEffect, useState } from "react";
import { proofQuery, recordQuery, signingKeysQuery } from "../../data/governance-queries.ts";
import { CopyLine } from "../../elements/copy.tsx";
import { Dialog } from "../../elements/dialog.tsx";
import { Json } from "../../elements/json.tsx";
import { clock, count } from "../../elements/moments.ts";
import { Facts } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { commandLine } from "../../elements/spelled.ts";
import { WorkLink } from "../../elements/work-link.tsx";
import { jsonOf } from "../../run/json/parse.ts";
import { Glyph } from "../../score/glyph.tsx";
import { principalText } from "../access/question.ts";
import { type Step, stepsOf } from "./proof.ts";
import { aboutOf, actionOf, hasPage } from "./record.ts";

/** A record in full, and its proof, which the browser verifies itself. */
export function RecordDialog({ recordId, onClose }: { recordId: string | undefined; onClose: () => void }) {
  return (
    <Dialog title={`Record ${recordId ?? ""}`} open={recordId !== undefined} onClose={onClose} wide>
      {recordId === undefined ? null : <RecordContent recordId={recordId} />}
    </Dialog>
  );
}

function RecordContent({ recordId }: { recordId: string }) {
  const query = useQuery(recordQuery(recordId));
  return (
    <QueryView query={query} label="the record" lines={8}>
      {({ record = {}, checkpoint = 0 }) => (
        <div className="record-whole">
          <AboutRecord record={record} />
          <Proof recordId={recordId} checkpoint={checkpoint} />
          <CopyLine label="command" text={commandLine("tutti", "audit", "show", recordId)} />
        </div>
      )}
    </QueryView>
  );
}

function AboutRecord({ record }: { record: AuditRecord }) {
  const { timeMs = 0, cause, error, count: many = 1, address, json } = record;
  return (
    <>
      <Facts
        facts={[
          ["when", clock(timeMs)],
          [
            "actor",
            <Link key="who" to="/audit" search={{ actor: `${cause?.actor?.kind}/${cause?.actor?.id}` }}>
              <code>{principalText(cause?.actor)}</code>
            </Link>,
          ],
          ["action", <code key="action">{actionOf(record)}</code>],
          ["object", <AboutLink key="about" record={record} />],
          ["allowed by", cause?.decision || "the installation, or the administrator of its machine"],
          ["reason", cause?.reason || "–"],
          ...(error === undefined ? [] : [["rejected", error.message ?? error.code ?? ""] as const]),
          ...(many > 1
            ? [["times", `${count(many)}: ${count(many - 1)} similar records omitted`] as const]
            : []),
          ...(address ? [["from", address] as const] : []),
          ...(cause?.traceparent ? [["trace", <code key="trace">{cause.traceparent}</code>] as const] : []),
        ]}
      />
      {json ? (
        <details>
          <summary>JSON. Inputs are listed by hash.</summary>
          <Json value={valueIn(json)} label="the record" />
        </details>
      ) : null}
    </>
  );
}

function AboutLink({ record }: { record: AuditRecord }) {
  const text = aboutOf(record);
  if (!hasPage(record)) return text || "–";
  return <WorkLink about={record.work}>{text}</WorkLink>;
}

function valueIn(json: string): unknown {
  const read = jsonOf(json);
  return "value" in read ? read.value : json;
}

function Proof({ recordId, checkpoint }: { recordId: string; checkpoint: number }) {
  const proof = useQuery({ ...proofQuery(recordId), enabled: checkpoint > 0 });
  const keys = useQuery(signingKeysQuery());
  return (
    <section className="proof">
      <h3>Proof</h3>
      {checkpoint === 0 ? (
        <p className="soft">No checkpoint yet. The next checkpoint is created within a minute.</p>
      ) : (
        <QueryView query={proof} label="the proof" lines={3}>
          {(known) => (
            <QueryView query={keys} label="keys" lines={3}>
              {(list) => <Worked proof={known} keys={list.keys} />}
            </QueryView>
          )}
        </QueryView>
      )}
    </section>
  );
}

function Worked({ proof, keys }: { proof: InclusionProof; keys: readonly SigningKey[] }) {
  const [steps, setSteps] = useState<readonly Step[] | undefined>();
  const { subtle } = globalThis.crypto as { readonly subtle?: SubtleCrypto };
  useEffect(() => {
    let isUnmounted = false;
    if (subtle !== undefined)
      void stepsOf(proof, keys, subtle).then((found) => {
        if (!isUnmounted) setSteps(found);
      });
    return () => {
      isUnmounted = true;
    };
  }, [proof, keys, subtle]);
  if (subtle === undefined)
    return (
      <p>
        Browsers verify proofs only over HTTPS or on this machine. Elsewhere, use{" "}
        <code>tutti audit verify</code>.
      </p>
    );
  if (steps === undefined) return <p className="soft">Verifying …</p>;
  const isValid = steps.every(({ fault }) => fault === undefined);
  const key = keys.find(({ signingKeyId }) => signingKeyId === proof.checkpoint?.signingKeyId);
  return (
    <div aria-live="polite">
      <p className={`proof-word tone-${isValid ? "done" : "wrong"}`}>
        <Glyph name={isValid ? "final" : "cross"} />{" "}
        {isValid ? "Verified by this browser." : "Verification failed."}
      </p>
      <ol className="proof-steps">
        {steps.map(({ name, text, fault }) => (
          <li key={name} className={`tone-${fault === undefined ? "done" : "wrong"}`}>
            <Glyph name={fault === undefined ? "final" : "cross"} />
            <span>{fault === undefined ? text : `${text} Failed: ${fault}.`}</span>
          </li>
        ))}
      </ol>
      <p className="small soft">
        The key is from this installation. Compare it with your own copy: <code>{key?.publicKey}</code>
      </p>
    </div>
  );
}
