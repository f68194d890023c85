/** A page of the site. */

import type { Rendered } from "./markdown.ts";

export interface Page {
  /** `docs/guides/locks.md` */
  readonly path: string;
  readonly title: string;
  /** `guides/locks.html` */
  readonly address: string;
  readonly content: Rendered;
  /** Pages that it links to, as paths of the repository. */
  readonly linked: readonly string[];
}
