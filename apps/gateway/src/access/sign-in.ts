/** A browser that is signed in. */
import type { Principal } from "@tutti/kernel";

/** What a sign-in rests on: a link that the terminal or the installation's own key gave, or what was shown. */
type SignedInBy = "link" | "key" | "token" | "id_token";

export interface SignIn {
  /** What it is called in lists: nothing can be signed in with by it. */
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
