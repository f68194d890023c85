import type { Command, Option } from "../declaration.ts";
import { all, page, size } from "./options.ts";

const reading = () => import("../../commands/audit-read.ts");
const proving = () => import("../../commands/audit-verify.ts");

/** Which records. */
const wanted: readonly Option[] = [
  { name: "actor", value: "KIND/ID", summary: "done by this one: person/ada, agent/worker-1" },
  { name: "action", value: "PATTERN", summary: "this action; * stands for anything: run.task_*" },
  { name: "about", value: "KIND[/ID]", summary: "about this: run/order-1002, or all of a kind" },
  { name: "refused", summary: "what was refused, and not what was done" },
  { name: "since", value: "WHEN", summary: "since: 2h (ago), 2026-03-01, 2026-03-01T14:00Z" },
  { name: "until", value: "WHEN", summary: "before" },
  { name: "trace", value: "ID", summary: "in this trace" },
  { name: "text", value: "TEXT", summary: "with this text in it" },
];

export const auditCommands: readonly Command[] = [
  {
    name: "audit search",
    group: "installation",
    summary: "who did what to what, and what was refused, the latest first",
    options: [...wanted, { name: "oldest", summary: "the oldest first" }, size, page, all],
    examples: [
      { words: "audit search --about run/order-1002 --oldest", does: "all that was done to a run, in order" },
      { words: "audit search --refused --since 1d", does: "what was refused since yesterday" },
    ],
    json: "document",
    load: () => reading().then(({ searchAudit }) => searchAudit),
  },
  {
    name: "audit show",
    group: "installation",
    summary: "a record: who, what, by which right, and under which checkpoint",
    arguments: [{ name: "ID", summary: "the record, as a search tells it: workflow/7/10423/3" }],
    json: "document",
    load: () => reading().then(({ showRecord }) => showRecord),
  },
  {
    name: "audit export",
    group: "installation",
    summary: "records with all that is needed to verify them anywhere, one JSON document a line",
    options: [...wanted, { name: "cloud-events", summary: "as CloudEvents, which cannot be verified" }],
    examples: [{ words: "audit export --since 30d > march.jsonl", does: "the last month, into a file" }],
    json: "lines",
    load: () => reading().then(({ exportAudit }) => exportAudit),
  },
  {
    name: "audit verify",
    group: "this machine",
    summary: "whether an export is as it was signed, and if not, which records were touched",
    about: [
      "It needs the file and the public key, and asks nobody. Keep the key apart from the installation: whoever can change both can make both anew.",
    ],
    arguments: [{ name: "FILE", summary: "the export; - for standard input" }],
    options: [
      {
        name: "key",
        value: "KEY",
        summary: "the public key, or a file with it, as `tutti audit keys -q` prints it",
      },
    ],
    examples: [
      { words: "audit verify march.jsonl --key audit.key", does: "exit code 1 where anything was touched" },
    ],
    json: "document",
    load: () => proving().then(({ verifyAudit }) => verifyAudit),
  },
  {
    name: "audit checkpoints",
    group: "installation",
    summary: "when the journals were joined and signed, the latest first",
    options: [size, page, all],
    json: "document",
    load: () => reading().then(({ listCheckpoints }) => listCheckpoints),
  },
  {
    name: "audit keys",
    group: "installation",
    summary: "the public keys that checkpoints and exports are signed with",
    examples: [{ words: "audit keys -q > audit.key", does: "the first key, to be kept apart" }],
    json: "document",
    load: () => reading().then(({ listKeys }) => listKeys),
  },
];
