import type { ArchiveDatabase } from "./database.ts";
import type { History } from "./history/history.ts";
import type { Blocks } from "./index/blocks.ts";
import type { Instances } from "./instances.ts";
import type { ProgressRows } from "./progress-rows.ts";
import type { RecentlyEnded } from "./recently-ended.ts";

/** Tables shared by the parts of an archive. */
export interface Tables {
  readonly database: ArchiveDatabase;
  readonly progressRows: ProgressRows;
  readonly instances: Instances;
  readonly blocks: Blocks;
  readonly history: History;
  readonly recent: RecentlyEnded;
}
