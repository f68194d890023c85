// Prints the source of every value of the platform's configuration, read in the working directory.
//
//   node tools/run.mjs tools/explain.mjs [KEY] [--json]
//
// The same as `npm start -- --explain`, also as JSON for programs.
import { services } from "../apps/platform/src/index.ts";
import { loadConfiguration } from "../libs/host/src/index.ts";
import { renderExplanation } from "../libs/kernel/src/index.ts";

const words = process.argv.slice(2);
const [key = ""] = words.filter((word) => !word.startsWith("--"));

try {
  const configuration = loadConfiguration(services);
  const found = configuration.explain(key);
  if (words.includes("--json")) {
    const keys = configuration.explain().map(({ name }) => name);
    // A secret is printed as its reference. An unset value is null.
    const settings = found.map(({ value = null, default: usual = null, ...more }) => ({
      ...more,
      value,
      default: usual,
    }));
    console.log(JSON.stringify(found.length === 0 ? { settings, keys } : { settings }));
  } else for (const explanation of found) console.log(renderExplanation(explanation));
  if (found.length === 0) process.exitCode = 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
}
