/**
 * `npm run golden -- 0.2.0` in the folder of the package writes the golden histories of a release for all later
 * releases.
 */
import { writeGoldenHistories } from "@tutti/kernel/testing";
import { stories as advice } from "../stories/advice.ts";
import { stories as anchor } from "../stories/anchor.ts";
import { stories as cache } from "../stories/cache.ts";
import { stories as decisions } from "../stories/decisions.ts";
import { stories as definition } from "../stories/definition.ts";
import { stories as experience } from "../stories/experience.ts";
import { stories as findings } from "../stories/findings.ts";
import { stories as ledger } from "../stories/ledger.ts";
import { stories as pool } from "../stories/pool.ts";
import { stories as refusal } from "../stories/refusal.ts";
import { stories as secrets } from "../stories/secrets.ts";
import { stories as tenant } from "../stories/tenant.ts";

const kinds = {
  advice,
  anchor,
  cache,
  decisions,
  definition,
  experience,
  findings,
  ledger,
  pool,
  refusal,
  secrets,
  tenant,
};

for (const [kind, stories] of Object.entries(kinds))
  writeGoldenHistories(new URL(`../../golden/${kind}/`, import.meta.url), stories, process.argv.slice(2));
