import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { SignIn } from "@tutti/rest/types";
import { useState } from "react";
import { signInsQuery } from "../../data/governance-queries.ts";
import { callerQuery } from "../../data/queries.ts";
import { Action } from "../../elements/action.tsx";
import { Dialog } from "../../elements/dialog.tsx";
import { Moment } from "../../elements/moment.tsx";
import { Empty, Part, Tag } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { commandLine } from "../../elements/spelled.ts";

const methods: Readonly<Record<SignIn["by"], string>> = {
  link: "a link of the CLI",
  key: "a key",
  token: "a token",
  id_token: "an external account",
};

/** Browsers that are signed in to the dashboard: user, time, and a button to end each sign-in. */
export function BrowsersView() {
  const query = useQuery(signInsQuery());
  const [endingAll, setEndingAll] = useState(false);
  return (
    <Part title="Signed-in browsers" aside="accounts and credentials">
      <p className="listed-acts">
        <button type="button" className="press" onClick={() => setEndingAll(true)}>
          End other sign-ins …
        </button>
      </p>
      <QueryView query={query} label="sign-ins" lines={4}>
        {({ signIns }) =>
          signIns.length === 0 ? (
            <Empty title="No signed-in browsers.">
              You signed in with a key or from this machine. <code>tutti sign-in</code> gives a link.
            </Empty>
          ) : (
            <ul className="listed">
              {signIns.map((signIn) => (
                <li key={signIn.id}>
                  <Line signIn={signIn} />
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
      <Dialog title="End all other sign-ins?" open={endingAll} onClose={() => setEndingAll(false)}>
        <EndAll onDone={() => setEndingAll(false)} />
      </Dialog>
    </Part>
  );
}

function Line({ signIn }: { signIn: SignIn }) {
  const { data: me } = useQuery(callerQuery());
  const { id, who, by, namespace, address, browser = "", startMs, useMs, expiresMs, own } = signIn;
  const ended = useEnded();
  return (
    <>
      <div>
        <strong>{who}</strong> {own ? <Tag>this browser</Tag> : null}
        <p className="small soft">
          by {methods[by]}
          {namespace ? ` of the namespace ${namespace}` : ""}, <code>{id}</code>
        </p>
      </div>
      <p className="small" title={browser}>
        {browserText(browser)}
        {address ? ` from ${address}` : ""}
      </p>
      <p className="small soft">
        {startMs === undefined ? null : (
          <>
            since <Moment atMs={startMs} />
            <br />
          </>
        )}
        {useMs === undefined ? null : (
          <>
            used <Moment atMs={useMs} />,{" "}
          </>
        )}
        ends <Moment atMs={expiresMs} />
      </p>
      <span className="listed-acts">
        <Action
          label="End sign-in"
          weight="grave"
          call={{ method: "POST", path: "/v1/sign-ins/revoke", body: { id } }}
          command={commandLine("tutti", "sign-out", id)}
          doneText={own ? undefined : `Ended the sign-in of ${who}.`}
          isOwn={me !== undefined && who === `${me.kind}:${me.id}`}
          onDone={() => (own ? window.location.assign("/") : ended())}
        />
      </span>
    </>
  );
}

function EndAll({ onDone }: { onDone: () => void }) {
  const ended = useEnded();
  return (
    <>
      <p>All other browsers have to sign in again. Their open streams end.</p>
      <div className="dialog-foot">
        <Action
          label="End sign-ins"
          weight="grave"
          call={{ method: "POST", path: "/v1/sign-ins/revoke", body: { all: true } }}
          command={commandLine("tutti", "sign-out", "--all")}
          doneText="Ended all other sign-ins."
          onDone={() => {
            ended();
            onDone();
          }}
        />
      </div>
    </>
  );
}

function useEnded(): () => void {
  const client = useQueryClient();
  return () => void client.invalidateQueries({ queryKey: ["sign-ins"] });
}

/** Short names of browsers by their user agent. Newest browsers first, because each also claims to be older ones. */
const names: readonly (readonly [RegExp, string])[] = [
  [/\bEdgA?\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\bFirefox\//, "Firefox"],
  [/\b(Chrome|CriOS|HeadlessChrome)\//, "Chrome"],
  [/\bSafari\//, "Safari"],
];
const systems: readonly (readonly [RegExp, string])[] = [
  [/\bAndroid\b/, "Android"],
  [/\b(iPhone|iPad)\b/, "iOS"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b/, "macOS"],
  [/\bLinux\b/, "Linux"],
];

function browserText(text: string): string {
  const found = (known: typeof names) => known.find(([form]) => form.test(text))?.[1];
  const parts = [found(names), found(systems)].filter((part) => part !== undefined);
  return parts.length > 0 ? parts.join(" on ") : text.slice(0, 40) || "a browser";
}
