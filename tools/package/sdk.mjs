// @ts-check

// The package @tutti/sdk: JavaScript for Node 20 and newer, and its declarations.

import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { clientPackages } from "../../apps/cli/clients.mjs";
import { resolveMeshSettings } from "../../libs/mesh/src/settings.ts";
import { workspaceRoot } from "../setup.mjs";
import { writeDeclarations } from "./declarations.mjs";

const sources = join(workspaceRoot, "libs", "sdk", "src");
/** The entry that also runs in a browser. It shares no chunks with the others, which need Node. */
const forBrowsers = "rest";
/** Sources of the entries. */
const entries = {
  index: join(sources, "index.ts"),
  a2a: join(sources, "a2a", "index.ts"),
  adapters: join(sources, "adapters", "index.ts"),
  agents: join(sources, "agents", "index.ts"),
  coding: join(sources, "coding", "index.ts"),
  client: join(sources, "client", "index.ts"),
  embed: join(sources, "embed", "index.ts"),
  mcp: join(sources, "mcp", "index.ts"),
  "model-server": join(sources, "testing", "model-server.ts"),
  [forBrowsers]: join(sources, "rest.ts"),
  shell: join(sources, "shell", "index.ts"),
  testing: join(sources, "testing", "index.ts"),
  worker: join(sources, "worker.ts"),
  workflow: join(sources, "workflow.ts"),
};
const shims = join(workspaceRoot, "tools", "package", "shims.mjs");
/**
 * Installed dependencies. gRPC is bundled, because it would install 25 packages, one of them with an install script.
 */
const dependencies = ["ws"];
/** Imported on first use. */
const peers = [...clientPackages, "nodemailer", "@bufbuild/protobuf", "@grpc/proto-loader"];
/** Its encoder, under `/wire`, is in the bundle. The rest comes from the project. */
const protobuf = "@bufbuild/protobuf";
const banner =
  'import { createRequire as $createRequire } from "node:module"; const require = $createRequire(import.meta.url);';

/**
 * Bundles the JavaScript of the package without declarations. Programs of tests also import it in place of the sources.
 *
 * @param {string} folder
 * @param {{ minify?: boolean }} [how]
 * @returns {Promise<import("esbuild").Metafile>}
 */
export async function bundleSdk(folder, { minify = true } = {}) {
  const { [forBrowsers]: browsers, ...others } = entries;
  /** @type {import("esbuild").BuildOptions} */
  const common = {
    absWorkingDir: workspaceRoot,
    outdir: join(folder, "dist"),
    bundle: true,
    format: "esm",
    // Lines and names stay: Node prints the line of code of an uncaught error before its message.
    minifySyntax: minify,
    keepNames: true,
    legalComments: "none",
    inject: [shims],
    define: { "Promise.withResolvers": "$withResolvers", "Map.groupBy": "$groupBy" },
    logLevel: "warning",
  };
  await build({
    ...common,
    entryPoints: { [forBrowsers]: browsers ?? "" },
    platform: "browser",
    target: "es2022",
  });
  const { metafile } = await build({
    ...common,
    entryPoints: others,
    splitting: true,
    chunkNames: "parts/[hash]",
    platform: "node",
    target: "node20",
    external: [...dependencies, ...peers.filter((name) => name !== protobuf)],
    inject: [shims, join(workspaceRoot, "tools", "package", "shims-node.mjs")],
    define: { ...common.define, WebSocket: "$WebSocket" },
    banner: { js: banner },
    plugins: [withoutServer, withoutSchemas],
    metafile: true,
  });
  for (const file of Object.keys(metafile.outputs)) withoutBanner(resolve(workspaceRoot, file));
  return metafile;
}

/**
 * @param {string} folder
 * @param {import("../package.mjs").Common} common
 * @returns {Promise<import("../package.mjs").Made>}
 */
export async function makeSdk(folder, common) {
  const metafile = await bundleSdk(folder);
  const declared = writeDeclarations(entries, join(folder, "types"), dependencies);
  const exports = exportsOf((name) => ({ types: `./types/${declared[name]}`, default: `./dist/${name}.js` }));
  const manifest = {
    name: "@tutti/sdk",
    ...common.manifest,
    description:
      "Workers, client, workflow builder and testing kit of Tutti: durable execution for workflows and AI agents",
    type: "module",
    sideEffects: false,
    exports: { ...exports, "./package.json": "./package.json" },
    files: ["dist", "types", "THIRD-PARTY.txt", "sbom.cdx.json"],
    dependencies: Object.fromEntries(dependencies.map((name) => [name, common.versionOf(name)])),
    peerDependencies: Object.fromEntries(peers.map((name) => [name, `^${common.versionOf(name)}`])),
    peerDependenciesMeta: Object.fromEntries(peers.map((name) => [name, { optional: true }])),
  };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(join(folder, "README.md"), readme);
  return { files: Object.keys(metafile.inputs).map((file) => resolve(workspaceRoot, file)) };
}

/** @param {(name: string) => unknown} of returns the target of an entry */
export function exportsOf(of) {
  return Object.fromEntries(
    Object.keys(entries).map((name) => [name === "index" ? "." : `./${name}`, of(name)]),
  );
}

/**
 * Removes the banner of a file without `require`. The banners of all files would be 9,000 bytes.
 *
 * @param {string} file
 */
function withoutBanner(file) {
  const text = readFileSync(file, "utf8");
  const rest = text.slice(banner.length + 1);
  if (text.startsWith(banner) && !/\brequire\b/.test(rest)) writeFileSync(file, rest);
}

/**
 * Leaves out the parts that only a server needs: half a megabyte of service descriptors, the loader of `.proto` files
 * for diagnostics, and the gRPC server. The SDK serves nothing. Its channels have no service configuration, so the
 * balancers that one can select are left out too.
 */
/** @type {import("esbuild").Plugin} */
const withoutServer = {
  name: "without-server",
  setup({ onResolve, onLoad }) {
    /** @type {Record<string, string>} */
    const stubs = {
      descriptors: "export const fileDescriptorSet = [];",
      // Functions that other parts of grpc-js call when they are loaded.
      grpc: "exports.setup = exports.registerAdminService = () => {};",
      server: "export class GrpcServer {}",
      reflection: "export function serveReflection() {}",
    };
    const grpc =
      /^\.\/(server|server-interceptors|admin|orca|load-balancer-outlier-detection|load-balancer-weighted-round-robin)$/;
    const left = (/** @type {string} */ path) => ({ path, namespace: "none" });
    onResolve({ filter: /^@tutti\/contracts\/descriptors$/ }, () => left("descriptors"));
    const ofGrpc = (/** @type {{ importer: string }} */ { importer }) =>
      importer.includes(join("@grpc", "grpc-js")) ? left("grpc") : undefined;
    // Adapters import the loader from the project.
    onResolve({ filter: /^@grpc\/proto-loader$/ }, ofGrpc);
    onResolve({ filter: grpc }, ofGrpc);
    onResolve({ filter: /^@bufbuild\/protobuf(\/wkt)?$/ }, ({ path }) => ({ path, external: true }));
    onResolve({ filter: /\/server\.ts$/ }, ({ importer }) =>
      importer.endsWith(join("transport", "grpc", "index.ts")) ? left("server") : undefined,
    );
    onResolve({ filter: /\/reflection-service\.ts$/ }, () => left("reflection"));
    onLoad({ filter: /.*/, namespace: "none" }, ({ path }) => ({ contents: stubs[path] ?? "" }));
  },
};

/**
 * Leaves out the schema of the mesh settings and the library that reads it: 104 kB. `connect` checks the few settings
 * of a program, and uses the defaults for all others.
 *
 * @type {import("esbuild").Plugin}
 */
const withoutSchemas = {
  name: "without-schemas",
  setup({ onLoad }) {
    const merging = `
const defaults = ${JSON.stringify(resolveMeshSettings())};
const isGroup = (value) => typeof value === "object" && !Array.isArray(value);
const merged = (base, given) => ({ ...base, ...Object.fromEntries(Object.entries(given).map(([name, value]) =>
  [name, value === undefined ? base[name] : isGroup(base[name]) ? merged(base[name], value) : value])) });
export const meshSection = undefined;
export const resolveMeshSettings = (given = {}) => merged(defaults, given);
`;
    onLoad({ filter: /libs.mesh.src.settings\.ts$/ }, () => ({ contents: merging }));
  },
};

const readme = `# @tutti/sdk

Workers, client, workflow builder and testing kit of Tutti. Node 20.12 or newer, no compiler.

\`\`\`js
import { connect, Worker } from "@tutti/sdk";

const worker = new Worker();
worker.handle("greeter.greet", ({ name }) => \`Hello, \${name}!\`);
await worker.start();

const tutti = await connect();
console.log(await tutti.execute("hello", { input: { name: "Anna" } }));
\`\`\`

The platform starts with \`npx tutti dev\`. A worker that imports \`@tutti/sdk/worker\` leaves out the client and the testing kit.
`;
