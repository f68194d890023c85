/** Checks the files beside journal and archives: recorded files exist unchanged. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Bundle } from "@tutti/contracts/governance/v1";
import { verifyBlobs } from "@tutti/journal";
import { reasonOf, sentences } from "@tutti/kernel";
import { opened, TrustedKeys } from "@tutti/policy";
import { signingKeyIn } from "../../keys/installation-keys.ts";
import { isSealedForm, namedKeysIn, sealedFile } from "../kept-keys.ts";
import type { DataLayout } from "../layout.ts";
import { type MadeFile, madeList, readMade, sha256Of, textIn } from "../made-files.ts";
import { type Finding, notice, problem, sound } from "./finding.ts";

const restore = "Stop the process, and restore a backup (tutti data restore).";

export function fileFindings(layout: DataLayout, keysDirectory: string): Finding[] {
  const { directory } = layout;
  const isCopy = existsSync(join(directory, sealedFile)) || namedKeysIn(directory) !== undefined;
  return [
    ...listFindings(directory),
    ...madeFindings(directory, isCopy),
    ...(isCopy ? copiedKeysFindings(directory) : keysFindings(keysDirectory)),
    ...bundleFindings(join(directory, "access", "bundle"), isCopy ? undefined : keysDirectory),
    ...signInFindings(join(directory, "gateway", "sign-ins.json")),
    ...blobFindings(layout.blobs),
  ];
}

function blobFindings(directory: string): Finding[] {
  const { damaged, missing } = verifyBlobs(directory);
  const advice = "If it was there before, restore a backup.";
  return [
    ...damaged.map((text) => problem("blob-damaged", text, restore)),
    ...missing.map((text) => notice("blob-missing", text, advice)),
  ];
}

/** Files with a known name. */
const known: readonly string[] = [
  `keys/${madeList}`,
  "access/bundle",
  "gateway/sign-ins.json",
  "audit/book.sqlite",
];

function listFindings(directory: string): Finding[] {
  const { files, isWhole } = readMade(directory);
  const unlisted = known.find(
    (name) => existsSync(join(directory, name)) && !files.some((one) => one.name === name),
  );
  if (isWhole && unlisted !== undefined) {
    const what = `${join(directory, madeList)} does not list ${unlisted}: that it is missing would not show.`;
    return [notice("list-unlisted", what, "Nothing has to be done: the next start lists it.")];
  }
  if (isWhole) return [];
  const what = `${join(directory, madeList)} is not as it was written: it lists the files that must be there.`;
  return [problem("list-damaged", what, restore)];
}

/** Files that a process recreates without loss. */
const madeAnew: Readonly<Record<string, string>> = {
  "access/bundle": "Nothing has to be done: the rules in force are written again at the next start.",
  "gateway/sign-ins.json": "Nothing has to be done: users sign in again.",
};

function madeFindings(directory: string, isCopy: boolean): Finding[] {
  const missing = ({ name }: MadeFile): boolean =>
    !existsSync(join(directory, name)) && !(isCopy && name.startsWith("keys/"));
  return readMade(directory)
    .files.filter(missing)
    .map(({ name }) => {
      const what = `${join(directory, name)} is missing: it was made, and something removed it.`;
      const anew = madeAnew[name];
      return anew === undefined ? problem("file-missing", what, restore) : notice("file-missing", what, anew);
    });
}

function copiedKeysFindings(directory: string): Finding[] {
  if (!existsSync(join(directory, sealedFile))) return [];
  if (isSealedForm(directory)) return [];
  const what = `${join(directory, sealedFile)} is not as it was written: the keys in it cannot be opened.`;
  return [problem("key-damaged", what, "Use another copy.")];
}

function keysFindings(directory: string): Finding[] {
  if (!existsSync(directory)) return [];
  const { files, isWhole } = readMade(directory);
  const faults = files.flatMap(({ name, sha256 }) => {
    const file = join(directory, name);
    if (!existsSync(file)) return [`${file} is missing: it is a key of the installation.`];
    return sha256Of(readFileSync(file)) === sha256
      ? []
      : [`${file} is not as it was written: it is a key of the installation.`];
  });
  if (!isWhole) faults.push(`${join(directory, madeList)} is not as it was written: it lists the keys.`);
  const advice =
    "Restore the file from your key store or from a backup. Without it secrets cannot be opened.";
  if (faults.length > 0) return faults.map((text) => problem("key-damaged", text, advice));
  const unlisted = readdirSync(directory).filter(
    (name) => name.endsWith(".json") && !files.some((one) => one.name === name),
  );
  if (unlisted.length === 0)
    return [sound("keys-sound", `The ${files.length} keys in ${directory} are as they were written.`)];
  const what = `${unlisted.join(", ")} in ${directory} cannot be checked: ${madeList} does not list them.`;
  return [notice("keys-unlisted", what, "Nothing has to be done: the next start lists them.")];
}

/** The bundle is signed. Without the keys, as in a copy, only its form is checked. */
function bundleFindings(file: string, keysDirectory: string | undefined): Finding[] {
  if (!existsSync(file)) return [];
  const reason = bundleFault(file, keysDirectory);
  if (reason === undefined) return [];
  const what = sentences(`${file} is not as it was written: ${reason}`);
  return [
    problem("bundle-damaged", what, "Remove the file: the next start writes it again. Check the disk."),
  ];
}

function bundleFault(file: string, keysDirectory: string | undefined): string | undefined {
  try {
    const bundle = Bundle.decode(readFileSync(file));
    const key = keysDirectory === undefined ? undefined : signingKeyIn(keysDirectory);
    if (key === undefined) return bundle.signature.length > 0 ? undefined : "it has no signature";
    const found = opened(bundle, new TrustedKeys(key.publicKey, [key]));
    return found.kind === "refused" ? found.reason : undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

function signInFindings(file: string): Finding[] {
  if (!existsSync(file) || isWhole(readFileSync(file, "utf8"))) return [];
  const what = `${file} is not as it was written: it has who is signed in.`;
  return [problem("sign-ins-damaged", what, "Remove the file: users sign in again. Check the disk.")];
}

function isWhole(content: string): boolean {
  try {
    JSON.parse(textIn(content) ?? "");
    return true;
  } catch {
    return false;
  }
}
