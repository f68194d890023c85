import type { PageError } from "../data/send.ts";

/** Takes the token out of the address of the page, and out of its history, so that it is not left lying there. */
export function takeToken(): string | undefined {
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

export const signInEnded = "Your sign-in has ended. Sign in again to continue.";

/** What is wrong with a token, and what to do about it. */
export function signInProblem(error: PageError): string {
  if (error.status === 401 || error.status === 403)
    return `${error.message} A token works once and expires soon. Use the newest one.`;
  return error.message;
}
