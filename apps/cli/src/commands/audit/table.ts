import type { Command, Option } from "../../command/declaration.ts";
import { all, page, since, size, text, until } from "../../command/options.ts";

const reading = () => import("./read.ts");
const proving = () => import("./verify.ts");

/** Filters that select records. */
const filters: readonly Option[] = [
  { name: "actor", value: "KIND/ID", summary: "only actions of this actor: person/ada, agent/worker-1" },
  { name: "action", value: "PATTERN", summary: "only these actions. `*` matches any text: workflow.runs.*" },
  { name: "about", value: "KIND[/ID]", summary: "object of the action: run/order-1002, or run for all runs" },
  { name: "refused", summary: "only rejected actions" },
  since,
  until,
  { name: "trace", value: "ID", summary: "only this trace" },
  text,
];

export const auditCommands: readonly Command[] = [
  {
    name: "audit search",
    group: "installation",
    summary: "Search the audit log, newest first",
    options: [...filters, { name: "oldest", summary: "sort oldest first" }, size, page, all],
    examples: [
      { words: "audit search --about run/order-1002 --oldest", does: "list all actions on a run" },
      { words: "audit search --refused --since 1d", does: "list rejections of the last day" },
    ],
    json: "document",
    load: () => reading().then(({ searchAudit }) => searchAudit),
  },
  {
    name: "audit show",
    group: "installation",
    summary: "Show an audit record",
    arguments: [{ name: "ID", summary: "record id from a search: workflow/7/10423/3" }],
    json: "document",
    load: () => reading().then(({ showRecord }) => showRecord),
  },
  {
    name: "audit export",
    group: "installation",
    summary: "Export verifiable audit records as JSON lines",
    options: [...filters, { name: "cloud-events", summary: "export CloudEvents. These cannot be verified" }],
    examples: [{ words: "audit export --since 30d > march.jsonl", does: "export the last 30 days" }],
    json: "lines",
    load: () => reading().then(({ exportAudit }) => exportAudit),
  },
  {
    name: "audit verify",
    group: "this machine",
    summary: "Verify an audit export and list altered records",
    about: [
      "The check runs offline with the file and the public key. Store the key outside the installation, so that an attacker cannot replace both.",
    ],
    arguments: [{ name: "FILE", summary: "export file, or - for standard input" }],
    options: [
      {
        name: "public-key",
        value: "KEY",
        summary: "public key or file, as printed by `tutti audit keys -q`",
      },
    ],
    examples: [
      {
        words: "audit verify march.jsonl --public-key audit.key",
        does: "exit with 1 if a record was altered",
      },
    ],
    json: "document",
    load: () => proving().then(({ verifyAudit }) => verifyAudit),
  },
  {
    name: "audit checkpoints",
    group: "installation",
    summary: "List signed checkpoints of the journals, newest first",
    options: [size, page, all],
    json: "document",
    load: () => reading().then(({ listCheckpoints }) => listCheckpoints),
  },
  {
    name: "audit keys",
    group: "installation",
    summary: "List the public keys that sign checkpoints and exports",
    examples: [{ words: "audit keys -q > audit.key", does: "save the first key" }],
    json: "document",
    load: () => reading().then(({ listKeys }) => listKeys),
  },
];
