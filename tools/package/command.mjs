// @ts-check

// The package tutti: the CLI, and the platform as a bundle with the dashboard. `npx tutti dev` runs the platform.

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { bundle, threadsStartedBy } from "../bundle.mjs";
import { workspaceRoot } from "../setup.mjs";
import { makeTemplates } from "./templates.mjs";

const at = (/** @type {string[]} */ ...path) => join(workspaceRoot, ...path);

/**
 * @param {string} folder
 * @param {import("../package.mjs").Common} common
 * @returns {Promise<import("../package.mjs").Made>}
 */
export async function makeCommand(folder, common) {
  execFileSync(process.execPath, [at("apps", "cli", "build.mjs"), "--out", join(folder, "dist")], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  cpSync(at("apps", "cli", "bin"), join(folder, "bin"), { recursive: true });
  const page = at("apps", "dashboard", "dist");
  if (!existsSync(join(page, "index.html"))) throw new Error(`${page}: the dashboard is not built`);
  cpSync(page, join(folder, "apps", "dashboard", "dist"), {
    recursive: true,
    filter: (file) => !file.endsWith(".stamp"),
  });
  const site = at("apps", "site", "dist");
  if (!existsSync(join(site, "search.json"))) throw new Error(`${site}: the documentation is not built`);
  cpSync(site, join(folder, "apps", "site", "dist"), {
    recursive: true,
    filter: (file) => !file.endsWith(".stamp"),
  });
  const files = await bundlePlatform(join(folder, "platform"));
  files.push(...(await makeTemplates(join(folder, "platform", "examples"))));
  await build({
    entryPoints: ["start", "tool", "setup"].map((name) => at("tools", "package", `${name}.mjs`)),
    outdir: join(folder, "platform"),
    outExtension: { ".js": ".mjs" },
    logLevel: "warning",
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
  });
  cpSync(at("tools", "leash.mjs"), join(folder, "platform", "leash.mjs"));
  cpSync(demo("proof", "transfer.yaml"), join(folder, "platform", "demo-kill.yaml"));
  const { optionalDependencies } = JSON.parse(readFileSync(at("package.json"), "utf8"));
  const manifest = {
    name: "tutti",
    ...common.manifest,
    description: "The CLI and the platform of Tutti: durable execution for workflows and AI agents",
    type: "module",
    bin: { tutti: "bin/tutti.mjs" },
    files: ["apps", "bin", "dist", "platform", "THIRD-PARTY.txt", "sbom.cdx.json"],
    // The Node for the platform, a package for each system.
    optionalDependencies,
  };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(join(folder, "README.md"), readme);
  return { files };
}

const demo = (/** @type {string[]} */ ...path) => at("examples", "demonstration", ...path);

/** Tools of the clone that commands of the CLI run through tool.mjs. */
const tools = Object.fromEntries(
  ["agents", "data", "explain", "certs", "programs"].map((name) => [
    `tool-${name}`,
    at("tools", `${name}.mjs`),
  ]),
);

/** The processes of `tutti cluster`. */
const services = ["registry", "governance", "workflow", "swarm", "master", "insight", "gateway"];

/** @param {string} out @returns {Promise<string[]>} the files in it */
async function bundlePlatform(out) {
  const how = { sourcemap: false, minify: true, splitting: true };
  const kernel = at("libs", "kernel", "src", "index.ts");
  const programs = {
    main: at("apps", "platform", "src", "main.ts"),
    cluster: at("apps", "cluster", "src", "program.ts"),
    ...Object.fromEntries(services.map((name) => [name, at("apps", name, "src", "main.ts")])),
    "demo-agents": demo("agents", "demo.ts"),
    "demo-agents-worker": demo("agents", "worker.ts"),
    "demo-kill-worker": demo("proof", "worker.ts"),
    "demo-race": demo("race", "race.ts"),
  };
  const files = await bundle({ ...programs, kernel, ...tools }, out, how);
  for (const [name, source] of Object.entries(threadsStartedBy(files)))
    for (const file of await bundle({ [name]: source }, out, how)) files.add(file);
  return [...files];
}

const readme = `# tutti

The CLI of Tutti, and the platform.

\`\`\`sh
npx tutti dev       # starts the platform in this folder, with its data in ./.tutti
npx tutti --help    # all commands
\`\`\`

\`tutti dev\` registers the workflow files of the folder. Workers and programs use \`@tutti/sdk\`.
`;
