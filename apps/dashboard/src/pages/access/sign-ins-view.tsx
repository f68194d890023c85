import { useQuery } from "@tanstack/react-query";
import type { IssuedToken } from "@tutti/rest/types";
import { useState } from "react";
import { tokensQuery } from "../../data/governance-queries.ts";
import { ConfirmForm } from "../../elements/confirm-form.tsx";
import { Dialog } from "../../elements/dialog.tsx";
import { Moment } from "../../elements/moment.tsx";
import { Empty, Part, Tag } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { useChanged } from "../policies/use-changed.ts";
import { scopeTexts } from "./keys.ts";
import { principalText } from "./question.ts";

const uses: Readonly<Record<string, string>> = {
  calls: "calls",
  agent: "the link of an agent",
  browser: "a browser",
  task: "one task",
  one_time: "one exchange",
};

/** Active short-lived tokens: their principals, and a button to revoke each. */
export function SignInsView() {
  const query = useQuery(tokensQuery());
  const [ending, setEnding] = useState<IssuedToken | undefined>();
  return (
    <Part title="Active tokens">
      <QueryView query={query} label="tokens" lines={4}>
        {({ tokens }) =>
          tokens.length === 0 ? (
            <Empty title="No active tokens.">
              Tokens are short-lived credentials for agents, tasks and delegations. Create one with{" "}
              <code>POST /v1/tokens</code>.
            </Empty>
          ) : (
            <ul className="listed">
              {tokens.map((token) => (
                <li key={token.tokenId}>
                  <Line token={token} onEnd={() => setEnding(token)} />
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
      <Dialog
        title={`Revoke the token of ${principalText(ending?.actor)}?`}
        open={ending !== undefined}
        onClose={() => setEnding(undefined)}
      >
        {ending === undefined ? null : <End token={ending} onDone={() => setEnding(undefined)} />}
      </Dialog>
    </Part>
  );
}

function Line({ token, onEnd }: { token: IssuedToken; onEnd: () => void }) {
  const {
    tokenId,
    actor,
    parentTokenId,
    use = "",
    scope,
    createTimeMs,
    expireTimeMs,
    useTimeMs,
    useAddress,
  } = token;
  const narrowed = scopeTexts(scope);
  return (
    <>
      <div>
        <strong>{principalText(actor)}</strong> <Tag>{uses[use] ?? use}</Tag>
        <p className="small soft">
          <code>{tokenId}</code>
          {parentTokenId ? (
            <>
              , derived from <code>{parentTokenId}</code>
            </>
          ) : null}
        </p>
      </div>
      <ul className="small">
        {narrowed.map((restriction) => (
          <li key={restriction}>{restriction}</li>
        ))}
        {narrowed.length === 0 ? <li className="soft">all that {principalText(actor)} may</li> : null}
      </ul>
      <p className="small soft">
        created <Moment atMs={createTimeMs} />, expires <Moment atMs={expireTimeMs} />
        <br />
        {useTimeMs === undefined ? (
          "never used"
        ) : (
          <>
            used <Moment atMs={useTimeMs} />
            {useAddress ? ` from ${useAddress}` : ""}
          </>
        )}
      </p>
      <span className="listed-acts">
        <button type="button" className="press" onClick={onEnd}>
          Revoke token …
        </button>
      </span>
    </>
  );
}

function End({ token, onDone }: { token: IssuedToken; onDone: () => void }) {
  const changed = useChanged();
  const { tokenId = "", actor } = token;
  return (
    <ConfirmForm
      action={{
        label: "Revoke token",
        weight: "grave",
        question: "The token, tokens derived from it, open links and streams end within seconds.",
        doneText: `Revoked the token of ${principalText(actor)}.`,
      }}
      call={(reason) => ({ method: "POST", path: "/v1/tokens/revoke", body: { tokenId, reason } })}
      onDone={() => {
        changed();
        onDone();
      }}
    />
  );
}
