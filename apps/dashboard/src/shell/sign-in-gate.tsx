import { useQuery } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { listenLive } from "../data/live.ts";
import { callerQuery, signInMethodsQuery } from "../data/queries.ts";
import { queryClient, signedOut } from "../data/query-client.ts";
import { type PageError, pageError, send } from "../data/send.ts";
import { switchNamespace } from "../effects/namespace.ts";
import { TextField } from "../elements/fields.tsx";
import { router } from "./router.tsx";

/** Shows the dashboard to signed-in users. Other users must enter the token that the platform printed. */
export function SignInGate() {
  const [arriving, setArriving] = useState(true);
  const [problem, setProblem] = useState<string | undefined>();
  const caller = useQuery({ ...callerQuery(), enabled: !arriving });
  useEffect(() => {
    void arrive().then((problemText) => {
      setProblem(problemText);
      setArriving(false);
    });
  }, []);
  useEffect(() => {
    const refetch = () => void queryClient.invalidateQueries({ queryKey: ["who"] });
    signedOut.addEventListener("out", refetch);
    return () => signedOut.removeEventListener("out", refetch);
  }, []);
  const namespace = caller.data?.namespace;
  useEffect(() => switchNamespace(namespace), [namespace]);
  const error = caller.error === null ? undefined : pageError(caller.error);
  if (error !== undefined && error.status === 401)
    return <SignIn problem={caller.data === undefined ? problem : signInEnded} />;
  // The page does not wait for the check. Queries of an unknown user are rejected in the meantime.
  return arriving ? null : <Inside />;
}

/** Signs in with the token of the address, if there is one. Returns the problem of a rejected token. */
async function arrive(): Promise<string | undefined> {
  const token = consumeToken();
  if (token === undefined) return undefined;
  return signIn(token);
}

async function signIn(token: string): Promise<string | undefined> {
  try {
    await send({ method: "POST", path: "/v1/sign-in", body: { token } });
    return undefined;
  } catch (error) {
    return signInProblem(pageError(error));
  }
}

function Inside() {
  useEffect(() => listenLive(), []);
  return <RouterProvider router={router} />;
}

/** Links to sign in with external issuers. An issuer returns the user to the current page. */
function SignInMethods() {
  const { data } = useQuery(signInMethodsQuery());
  const to = `${window.location.pathname}${window.location.search}`;
  return (data?.issuers ?? []).map(({ issuer, title, path }) => (
    <a key={issuer} className="press main way-in" href={`${path}&to=${encodeURIComponent(to)}`}>
      Sign in with {title}
    </a>
  ));
}

function SignIn({ problem: first }: { problem: string | undefined }) {
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState(first);
  const [busy, setBusy] = useState(false);
  const enter = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    const refusal = token.trim() === "" ? "Enter a token." : await signIn(token.trim());
    setBusy(false);
    setProblem(refusal);
    // Repeats the queries that were rejected before the sign-in.
    if (refusal === undefined) await queryClient.invalidateQueries({ refetchType: "all" });
  };
  return (
    <main className="door">
      <form className="door-sheet" onSubmit={(event) => void enter(event)}>
        <p className="brand">
          <img src="/tutti.svg" alt="" width="36" height="36" />
          <span>tutti</span>
        </p>
        <h1>Sign in</h1>
        <p className="soft">
          At its start, the platform prints an address with a token. Open the address, or enter the token
          here. Your own key or token works too.
        </p>
        <SignInMethods />
        <TextField
          label="Token or key"
          type="password"
          value={token}
          onChange={setToken}
          problem={problem}
          code
        />
        <button type="submit" className="press main" disabled={busy}>
          Sign in
        </button>
        <p className="soft small">
          No token? <code>npx tutti sign-in</code> prints a new address.
        </p>
      </form>
    </main>
  );
}

/** Removes the token from the address and the history of the browser, so that it does not remain there. */
function consumeToken(): string | undefined {
  const address = new URL(window.location.href);
  const token = address.searchParams.get("token");
  if (token === null) return undefined;
  address.searchParams.delete("token");
  window.history.replaceState(
    window.history.state,
    "",
    `${address.pathname}${address.search}${address.hash}`,
  );
  return token;
}

const signInEnded = "Your sign-in has ended. Sign in again to continue.";

/** Returns the problem of a token and its remedy. */
function signInProblem(error: PageError): string {
  if (error.status === 401 || error.status === 403)
    return `${error.message} A token works once and expires soon. Use the newest one.`;
  return error.message;
}
