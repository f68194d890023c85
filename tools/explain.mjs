// Says where every value of the platform's configuration comes from, read from where this is run.
//   node tools/run.mjs tools/explain.mjs [KEY] [--json]
// As `npm start -- --explain` does, and as JSON for whoever draws it.
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
    // A secret is its reference, however it is printed; what is not set is told as null.
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
