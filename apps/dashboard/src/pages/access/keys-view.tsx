import { useQuery } from "@tanstack/react-query";
import type { ApiKey, CreateKeyReply } from "@tutti/rest/types";
import { useState } from "react";
import { keysQuery } from "../../data/governance-queries.ts";
import { useNow } from "../../effects/use-now.ts";
import { Action } from "../../elements/action.tsx";
import { ConfirmForm } from "../../elements/confirm-form.tsx";
import { CopyLine } from "../../elements/copy.tsx";
import { Dialog } from "../../elements/dialog.tsx";
import { Moment } from "../../elements/moment.tsx";
import { Empty, Part } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { commandLine, pathOf } from "../../elements/spelled.ts";
import { BadgeMark } from "../../score/glyph.tsx";
import { useChanged } from "../policies/use-changed.ts";
import { KeyForm } from "./key-form.tsx";
import { keyBadge, scopeTexts } from "./keys.ts";
import { principalText } from "./question.ts";

/** All keys: owner, scope, last use, expiry and revocation. The key itself is shown once. */
export function KeysView() {
  const [ended, setEnded] = useState(false);
  const query = useQuery(keysQuery(ended));
  const [making, setMaking] = useState(false);
  const [created, setCreated] = useState<CreateKeyReply | undefined>();
  const [revoking, setRevoking] = useState<ApiKey | undefined>();
  const changed = useChanged();
  const show = (reply: CreateKeyReply) => {
    changed();
    setMaking(false);
    setCreated(reply);
  };
  return (
    <Part title="Keys" aside="stored as hashes">
      <p className="listed-acts">
        <label className="small ended-too">
          <input type="checkbox" checked={ended} onChange={(event) => setEnded(event.target.checked)} /> Show
          ended keys
        </label>
        <button type="button" className="press main" onClick={() => setMaking(true)}>
          Create key
        </button>
      </p>
      <QueryView query={query} label="keys" lines={5}>
        {({ keys }) =>
          keys.length === 0 ? (
            <Empty title="No keys yet.">
              People, programs and agents on other machines need a key. A key is shown once, when it is
              created.
            </Empty>
          ) : (
            <ul className="listed">
              {keys.map((key) => (
                <li key={key.keyId}>
                  <Line apiKey={key} onRotated={show} onRevoke={() => setRevoking(key)} />
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
      <Dialog title="Create key" open={making} onClose={() => setMaking(false)} wide>
        <KeyForm onCreated={show} />
      </Dialog>
      <Dialog title="New key" open={created !== undefined} onClose={() => setCreated(undefined)} wide>
        <CreatedSecret reply={created} />
      </Dialog>
      <Dialog
        title={`Revoke ${revoking?.title ?? "the key"}?`}
        open={revoking !== undefined}
        onClose={() => setRevoking(undefined)}
      >
        {revoking === undefined ? null : (
          <Revoke
            apiKey={revoking}
            onDone={() => {
              changed();
              setRevoking(undefined);
            }}
          />
        )}
      </Dialog>
    </Part>
  );
}

function Line(options: { apiKey: ApiKey; onRotated: (reply: CreateKeyReply) => void; onRevoke: () => void }) {
  const {
    keyId = "",
    title,
    actor,
    prefix,
    scope,
    expireTimeMs,
    useTimeMs,
    useAddress,
    revoked,
  } = options.apiKey;
  const badge = keyBadge(options.apiKey, useNow());
  return (
    <>
      <div>
        <strong>{title}</strong>
        <p className="small soft">
          <code>{prefix}</code> for {principalText(actor)}
        </p>
        <BadgeMark badge={badge} />
      </div>
      <ul className="small">
        {scopeTexts(scope).map((restriction) => (
          <li key={restriction}>{restriction}</li>
        ))}
        {scopeTexts(scope).length === 0 ? (
          <li className="soft">all that {principalText(actor)} may</li>
        ) : null}
      </ul>
      <p className="small soft">
        {useTimeMs === undefined ? (
          "never used"
        ) : (
          <>
            used <Moment atMs={useTimeMs} />
            {useAddress ? ` from ${useAddress}` : ""}
          </>
        )}
        <br />
        {expireTimeMs === undefined ? (
          "never expires"
        ) : (
          <>
            expires <Moment atMs={expireTimeMs} />
          </>
        )}
      </p>
      {revoked === true || badge.glyph === "final" ? null : (
        <span className="listed-acts">
          <Action
            label="Rotate key"
            call={{ method: "POST", path: pathOf(["keys", keyId, "rotate"]), body: {} }}
            command={commandLine("tutti", "key", "rotate", keyId)}
            onDone={(reply) => options.onRotated(reply as CreateKeyReply)}
          />
          <button type="button" className="press" onClick={options.onRevoke}>
            Revoke key …
          </button>
        </span>
      )}
    </>
  );
}

function CreatedSecret({ reply }: { reply: CreateKeyReply | undefined }) {
  const { key, secret = "" } = reply ?? {};
  return (
    <div className="shown-once">
      <p>
        {key?.title} for {principalText(key?.actor)}. It is shown once. Store it now.
      </p>
      {secret === "" ? (
        <p className="problem">
          An earlier call created this key and showed it. Revoke the key and create another one.
        </p>
      ) : (
        <CopyLine label="key" text={secret} />
      )}
      <p className="small soft">
        Programs send <code>authorization: Bearer …</code>, workers and the CLI read{" "}
        <code>TUTTI_API_KEY</code>.
      </p>
    </div>
  );
}

function Revoke({ apiKey, onDone }: { apiKey: ApiKey; onDone: () => void }) {
  const { keyId = "", title = "", actor } = apiKey;
  return (
    <ConfirmForm
      action={{
        label: "Revoke key",
        weight: "grave",
        question: `Calls with this key are rejected within seconds, and open links and streams end. Rotate the key instead if ${principalText(actor)} still needs access.`,
        doneText: `Revoked ${title}.`,
      }}
      call={(reason) => ({ method: "POST", path: pathOf(["keys", keyId, "revoke"]), body: { reason } })}
      command={() => commandLine("tutti", "key", "revoke", keyId)}
      onDone={onDone}
    />
  );
}
