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
  /** As the browser calls itself. */
  readonly browser: string;
  /** When last, to the minute. */
  readonly useMs: number;
}
