/** Checks the files beside journal and archives: recorded files exist unchanged. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Bundle } from "@tutti/contracts/governance/v1";
import { verifyBlobs } from "@tutti/journal";
import { reasonOf, sentences } from "@tutti/kernel";
import { opened, TrustedKeys } from "@tutti/policy";
import { signingKeyIn } from "../../keys/installation-keys.ts";
import { isSealedForm, namedKeysIn, sealedFile } from "../copied-keys.ts";
import { type ListedFile, listFile, readFileList, sha256Of, textIn } from "../file-list.ts";
import type { DataLayout } from "../layout.ts";
import { type Finding, notice, problem, sound } from "./finding.ts";

const restore = "Stop the process, and restore a backup (tutti data restore).";

export function fileFindings(layout: DataLayout, keysDirectory: string): Finding[] {
  const { directory } = layout;
  const isCopy = existsSync(join(directory, sealedFile)) || namedKeysIn(directory) !== undefined;
  return [
    ...listFindings(directory),
    ...missingFileFindings(directory, isCopy),
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
  `keys/${listFile}`,
  "access/bundle",
  "gateway/sign-ins.json",
  "audit/book.sqlite",
];

function listFindings(directory: string): Finding[] {
  const { files, isIntact: isWhole } = readFileList(directory);
  const unlisted = known.find(
    (name) => existsSync(join(directory, name)) && !files.some((file) => file.name === name),
  );
  if (isWhole && unlisted !== undefined) {
    const text = `${join(directory, listFile)} does not list ${unlisted}: its removal would not be detected.`;
    return [notice("list-unlisted", text, "Nothing to do: the next start lists it.")];
  }
  if (isWhole) return [];
  const what = `${join(directory, listFile)} has changed since it was written: it lists the required files.`;
  return [problem("list-damaged", what, restore)];
}

/** Files that a process recreates without loss. */
const recreated: Readonly<Record<string, string>> = {
  "access/bundle": "Nothing to do: the rules in force are written again at the next start.",
  "gateway/sign-ins.json": "Nothing to do: users sign in again.",
};

function missingFileFindings(directory: string, isCopy: boolean): Finding[] {
  const missing = ({ name }: ListedFile): boolean =>
    !existsSync(join(directory, name)) && !(isCopy && name.startsWith("keys/"));
  return readFileList(directory)
    .files.filter(missing)
    .map(({ name }) => {
      const text = `${join(directory, name)} is missing: it was made, and something removed it.`;
      const advice = recreated[name];
      return advice === undefined
        ? problem("file-missing", text, restore)
        : notice("file-missing", text, advice);
    });
}

function copiedKeysFindings(directory: string): Finding[] {
  if (!existsSync(join(directory, sealedFile))) return [];
  if (isSealedForm(directory)) return [];
  const text = `${join(directory, sealedFile)} is not as it was written: the keys in it cannot be opened.`;
  return [problem("key-damaged", text, "Use another copy.")];
}

function keysFindings(directory: string): Finding[] {
  if (!existsSync(directory)) return [];
  const { files, isIntact: isWhole } = readFileList(directory);
  const faults = files.flatMap(({ name, sha256 }) => {
    const file = join(directory, name);
    if (!existsSync(file)) return [`${file} is missing: it is a key of the installation.`];
    return sha256Of(readFileSync(file)) === sha256
      ? []
      : [`${file} is not as it was written: it is a key of the installation.`];
  });
  if (!isWhole) faults.push(`${join(directory, listFile)} is not as it was written: it lists the keys.`);
  const advice =
    "Restore the file from your key store or from a backup. Without it secrets cannot be opened.";
  if (faults.length > 0) return faults.map((text) => problem("key-damaged", text, advice));
  const unlisted = readdirSync(directory).filter(
    (name) => name.endsWith(".json") && !files.some((file) => file.name === name),
  );
  if (unlisted.length === 0)
    return [sound("keys-sound", `The ${files.length} keys in ${directory} are as they were written.`)];
  const what = `${unlisted.join(", ")} in ${directory} cannot be checked: ${listFile} does not list them.`;
  return [notice("keys-unlisted", what, "Nothing to do: the next start lists them.")];
}

/** The bundle is signed. Without the keys, as in a copy, only its form is checked. */
function bundleFindings(file: string, keysDirectory: string | undefined): Finding[] {
  if (!existsSync(file)) return [];
  const reason = bundleFault(file, keysDirectory);
  if (reason === undefined) return [];
  const text = sentences(`${file} is not as it was written: ${reason}`);
  return [
    problem("bundle-damaged", text, "Remove the file: the next start writes it again. Check the disk."),
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
  if (!existsSync(file) || isIntact(readFileSync(file, "utf8"))) return [];
  const text = `${file} is not as it was written: it has who is signed in.`;
  return [problem("sign-ins-damaged", text, "Remove the file: users sign in again. Check the disk.")];
}

function isIntact(content: string): boolean {
  try {
    JSON.parse(textIn(content) ?? "");
    return true;
  } catch {
    return false;
  }
}
