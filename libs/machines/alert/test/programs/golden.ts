/**
 * `npm run golden -- 0.2.0` in the folder of the package writes the golden histories of a release for all later
 * releases.
 */
import { writeGoldenHistories } from "@tutti/kernel/testing";
import { stories } from "../stories.ts";

writeGoldenHistories(new URL("../../golden/", import.meta.url), stories, process.argv.slice(2));
