/** Links the packages that programs of pages import: those of the clone, and the SDK in its installed form. */
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundleSdk, exportsOf } from "../../../../tools/package/sdk.mjs";
import { root } from "./page.ts";

/** Uses the bundled SDK. From source, the SDK costs each program 0.4 s of processor time, more than twice as much. */
export async function linkPackages(folder: string): Promise<void> {
  const from = join(root, "node_modules");
  const to = join(folder, "node_modules");
  const scope = "@tutti";
  const sdk = join(to, scope, "sdk");
  mkdirSync(sdk, { recursive: true });
  for (const name of readdirSync(from)) if (name !== scope) symlinkSync(join(from, name), join(to, name));
  for (const name of readdirSync(join(from, scope)))
    if (name !== "sdk") symlinkSync(join(from, scope, name), join(to, scope, name));
  await bundleSdk(sdk, { minify: false });
  const exports = exportsOf((name) => `./dist/${name}.js`);
  writeFileSync(join(sdk, "package.json"), JSON.stringify({ name: "@tutti/sdk", type: "module", exports }));
}
