/** A browser that is signed in. */
import type { Principal } from "@tutti/kernel";

/** The credential of a sign-in: a link of the terminal, the installation's own key, or a key or token. */
type SignedInBy = "link" | "key" | "token" | "id_token";

export interface SignIn {
  /** The id in lists. It is not a secret. */
  readonly id: string;
  readonly principal: Principal;
  readonly by: SignedInBy;
  readonly startMs: number;
  readonly endMs: number;
  readonly address: string;
  /** The browser's user agent. */
  readonly browser: string;
  /** The time of the last use, to the minute. */
  readonly useMs: number;
}
