// @ts-check

// The bill of materials of an image: CycloneDX 1.6, as JSON.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * @typedef {{ kind: "npm", name: string, version: string, license?: string }} NpmPart
 * @typedef {{ kind: "deb", name: string, version: string, architecture: string, release: string }} DebianPart
 * @typedef {{ kind: "generic", name: string, version: string, license: string }} OtherPart
 * @typedef {NpmPart | DebianPart | OtherPart} Part
 */

/**
 * Returns the npm packages that files belong to.
 *
 * @param {Iterable<string>} files
 * @param {string} root of the workspace, whose own packages are left out
 * @returns {NpmPart[]}
 */
export function npmPackagesOf(files, root) {
  /** @type {Map<string, NpmPart>} */
  const found = new Map();
  for (const file of files) {
    if (!file.includes("/node_modules/")) continue;
    const manifest = manifestOf(dirname(file), root);
    if (manifest === undefined) continue;
    const { name, version, license } = manifest;
    found.set(`${name}@${version}`, {
      kind: "npm",
      name,
      version,
      ...(typeof license === "string" && { license }),
    });
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * @param {string} folder
 * @param {string} root
 * @returns {{ name: string, version: string, license?: unknown } | undefined}
 */
function manifestOf(folder, root) {
  for (let at = folder; at !== root && at !== dirname(at); at = dirname(at)) {
    const file = join(at, "package.json");
    if (!existsSync(file)) continue;
    const manifest = JSON.parse(readFileSync(file, "utf8"));
    // Some packages have a second manifest inside that only sets the type of modules below it.
    if (manifest.name !== undefined && manifest.version !== undefined) return manifest;
  }
  return undefined;
}

/**
 * @param {{ name: string, version: string, type?: string }} subject default type: `container`
 * @param {readonly Part[]} parts
 * @returns {unknown} the bill of materials, which is the same for the same parts
 */
export function billOf({ name, version, type: kind = "container" }, parts) {
  const components = parts.map((part) => {
    const purl = purlOf(part);
    const license = part.kind === "deb" ? undefined : part.license;
    return {
      type: part.kind === "generic" ? "platform" : "library",
      "bom-ref": purl,
      name: part.name,
      version: part.version,
      purl,
      ...(license !== undefined && { licenses: [licenseOf(license)] }),
    };
  });
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: { type: kind, "bom-ref": `${name}@${version}`, name, version } },
    components,
  };
}

/** @param {string} license an SPDX identifier, or an expression of several */
function licenseOf(license) {
  return /[ ()]/.test(license) ? { expression: license } : { license: { id: license } };
}

/** @param {Part} part */
function purlOf(part) {
  if (part.kind === "generic") return `pkg:generic/${part.name}@${part.version}`;
  if (part.kind === "npm") return `pkg:npm/${part.name.replace("@", "%40")}@${part.version}`;
  const { name, version, architecture, release } = part;
  return `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}&distro=${release}`;
}
