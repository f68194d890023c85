/**
 * Writes the golden histories of a release: `npm run golden -- 0.2.0` in the folder of the package. Files that are there
 * stay as they are.
 */
import { writeGolden } from "@tutti/kernel/testing";
import { stories } from "../stories.ts";

const [release, ...others] = process.argv.slice(2);
if (release === undefined || others.length > 0)
  throw new Error("expected the number of a release, like 0.2.0");

const folder = new URL("../../golden/", import.meta.url);
for (const [name, story] of Object.entries(stories)) {
  const wrote = writeGolden(folder, `${release}-${name}`, story(release));
  console.log(`${release}-${name}.json: ${wrote ? "written" : "there already"}`);
}
