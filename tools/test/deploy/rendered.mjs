// @ts-check

// Renders the manifests in `deploy/kubernetes` with `kubectl kustomize`.

import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { needsCarried } from "../../carried.mjs";
import { environmentFor, nodeFor, workspaceRoot } from "../../setup.mjs";

/**
 * The part of a Kubernetes object that tests read.
 *
 * @typedef {{ apiVersion: string, kind: string, metadata: { name: string, namespace?: string, labels?: Record<string, string>, annotations?: Record<string, string> }, spec?: any, rules?: any, subjects?: any, data?: Record<string, string>, automountServiceAccountToken?: boolean }} Manifest
 */

export const carried = await needsCarried();

const kubectl = spawnSync("kubectl", ["version", "--client"], { stdio: "ignore" });

/** Why manifests cannot be rendered and read. False if they can. */
export const cannotRender =
  carried.skip || (kubectl.status === 0 ? false : "kubectl is missing: install it and put it on PATH");

if (cannotRender && process.env["CI"] === "true")
  throw new Error(`${cannotRender}; with CI=true its tests must run`);

/**
 * Returns a copy of the manifests with separate credentials, for the duration of a test.
 *
 * @param {{ after: (fn: () => void) => void }} t
 */
export function manifestsWithCredentials(t) {
  const folder = mkdtempSync(join(tmpdir(), "tutti-manifests-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(workspaceRoot, "deploy", "kubernetes"), folder, {
    recursive: true,
    filter: (path) => !path.endsWith("credentials"),
  });
  const node = nodeFor(workspaceRoot);
  const out = join(folder, "overlays", "development", "credentials");
  execFileSync(node, [join(workspaceRoot, "tools", "credentials.mjs"), "--out", out], {
    env: environmentFor(workspaceRoot, node),
    stdio: ["ignore", "ignore", "inherit"],
  });
  return folder;
}

/**
 * @param {string} folder of a kustomization
 * @returns {Manifest[]}
 */
export function rendered(folder) {
  const text = execFileSync("kubectl", ["kustomize", folder], { encoding: "utf8", maxBuffer: 2 ** 26 });
  return carried
    .load("yaml")
    .parseAllDocuments(text)
    .map((/** @type {any} */ document) => {
      const [problem] = document.errors;
      if (problem !== undefined) throw problem;
      const manifest = document.toJS();
      // Kustomize folds long lines. Kubernetes accepts them, but its schema does not.
      if (manifest.kind === "Secret")
        for (const [key, value] of Object.entries(manifest.data ?? {}))
          manifest.data[key] = value.replace(/\s/g, "");
      return manifest;
    });
}

/**
 * Returns the workloads that run pods.
 *
 * @param {readonly Manifest[]} manifests
 */
export function workloadsOf(manifests) {
  return manifests.filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet");
}

/**
 * Returns the errors of a manifest against the Kubernetes schema, which allows unknown fields.
 *
 * @param {Manifest} manifest
 * @returns {Promise<unknown[]>}
 */
export async function problemsOf(manifest) {
  const { apiVersion, kind } = manifest;
  const [group = "", version = ""] = apiVersion.includes("/") ? apiVersion.split("/") : ["core", apiVersion];
  const name = `${first(group.split(".")[0] ?? "")}${first(version)}${kind}`;
  const file = [`IoK8sApi${name}`]
    .map((one) => join(carried.modules, "kubernetes-models", "_schemas", `${one}.js`))
    .find(existsSync);
  if (file === undefined) return [`expected a schema of ${apiVersion} ${kind}, got none`];
  const { validate } = await import(pathToFileURL(file).href);
  return validate(manifest) ? [] : validate.errors;
}

/** @param {string} word */
function first(word) {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
