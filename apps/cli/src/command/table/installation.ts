import type { Command } from "../declaration.ts";
import { all, page, reason, size } from "./options.ts";

const pool = { name: "pool", value: "NAME", summary: "of this pool (default)" } as const;

export const installationCommands: readonly Command[] = [
  {
    name: "status",
    group: "installation",
    summary: "how the platform is: services, runs, workers, what needs a person",
    json: "document",
    load: () => import("../../commands/status.ts").then(({ status }) => status),
  },
  {
    name: "instances",
    group: "installation",
    summary: "its processes: which release each is of, where it is called, and how it is",
    about: ["While a new release is brought in, those that are still of the one before stand out."],
    arguments: [{ name: "SERVICE", summary: "of this service alone", isOptional: true }],
    json: "document",
    load: () => import("../../commands/instances.ts").then(({ instances }) => instances),
  },
  {
    name: "paused",
    group: "installation",
    summary: "what is paused since the platform was started so, and what is released of it",
    json: "document",
    load: () => import("../../commands/pause.ts").then(({ paused }) => paused),
  },
  {
    name: "release",
    group: "installation",
    summary: "lets what is paused go on: portions of it, or all",
    about: [
      "Of --namespace, or of all. What is released stays so: a larger share has those of the smaller one before.",
    ],
    options: [
      { name: "all", summary: "everything" },
      { name: "share", value: "N", summary: "so many of a hundred, by their ids" },
      { name: "service", value: "NAME", isMany: true, summary: "of workflow, swarm or master alone (all)" },
      { name: "partition", value: "N", isMany: true, summary: "in this partition alone (all)" },
      reason,
    ],
    examples: [
      { words: "release --share 5", does: "some, to see how they fare" },
      { words: "release --namespace shop", does: "all of a namespace" },
      { words: "release --all", does: "the rest" },
    ],
    json: "document",
    load: () => import("../../commands/pause.ts").then(({ release }) => release),
  },
  {
    name: "sign-in",
    group: "installation",
    summary: "a link that signs your browser in to the page, once",
    json: "document",
    load: () => import("../../commands/sign-in.ts").then(({ signIn }) => signIn),
  },
  {
    name: "sign-ins",
    group: "access",
    summary: "browsers that are signed in to the page: as whom, by what, until when",
    about: ["Of the whole installation; with --namespace those that are good in that one alone."],
    options: [{ name: "mine", summary: "your own" }],
    json: "document",
    load: () => import("../../commands/sign-ins.ts").then(({ listSignIns }) => listSignIns),
  },
  {
    name: "sign-out",
    group: "access",
    summary: "end sign-ins of browsers, at once and with what they follow",
    arguments: [{ name: "ID", summary: "this sign-in", isOptional: true }],
    options: [
      { name: "who", value: "WHO", summary: "all of somebody: person:ada" },
      { name: "all", summary: "all of them" },
    ],
    examples: [
      { words: "sign-out --who person:ada", does: "Ada has to sign in again, wherever she was" },
      { words: "sign-out --all", does: "so does everybody" },
    ],
    json: "document",
    load: () => import("../../commands/sign-ins.ts").then(({ signOut }) => signOut),
  },
  {
    name: "events",
    group: "installation",
    summary: "what happens, live, until Ctrl-C",
    arguments: [
      {
        name: "PATTERN",
        summary: "types, with * for one word and > for all that follow (all)",
        isOptional: true,
      },
    ],
    options: [
      { name: "after", value: "CURSOR", summary: "from this cursor on, as an event told it" },
      { name: "count", value: "N", summary: "leave after so many" },
      { name: "data", summary: "with what each event carries" },
    ],
    examples: [
      { words: "events 'tutti.workflow.run.*'", does: "runs as they start and end" },
      { words: "events --json | jq .type", does: "one JSON document a line" },
    ],
    json: "lines",
    load: () => import("../../commands/events.ts").then(({ events }) => events),
  },
  {
    name: "agent list",
    group: "installation",
    summary: "workers and other agents: what they do, how busy they are",
    options: [pool, size, page, all],
    json: "document",
    load: () => import("../../commands/agent.ts").then(({ listAgents }) => listAgents),
  },
  {
    name: "agent show",
    group: "installation",
    summary: "an agent: what it offers, what it works on, how it is",
    arguments: [{ name: "ID", summary: "the agent", completes: "agent" }],
    options: [pool],
    json: "document",
    load: () => import("../../commands/agent.ts").then(({ showAgent }) => showAgent),
  },
  {
    name: "validate",
    group: "this machine",
    summary: "checks all files of a folder together, for continuous integration",
    about: [
      "Definitions, sessions, configuration (tutti.yaml), *.schema.json, *.rules.yaml and *.agents.yaml, each by its kind, with the place of each mistake. No platform is asked, unless with --online: it checks policies (*.cedar) besides, and says what its rules would say of each definition.",
    ],
    arguments: [{ name: "FOLDER", summary: "the folder (.)", isOptional: true, completes: "file" }],
    options: [
      {
        name: "online",
        summary: "a platform checks: policies too, and definitions by the rules that hold there",
      },
      { name: "against", summary: "as --online, and whether what is used exists there" },
      { name: "sarif", summary: "the report as SARIF 2.1.0, which forges show beside the lines" },
    ],
    examples: [
      { words: "validate .", does: "everything from here down" },
      { words: "validate definitions --sarif > report.sarif", does: "for the forge" },
    ],
    json: "document",
    load: () => import("../../commands/validate.ts").then(({ validate }) => validate),
  },
  {
    name: "config explain",
    group: "this machine",
    summary: "each key of the configuration, its value, and where that comes from",
    about: [
      "In a clone of Tutti, where the configuration is read as the platform would: files, environment, defaults.",
    ],
    arguments: [{ name: "KEY", summary: "one key or section, with what it is about", isOptional: true }],
    json: "document",
    load: () => import("../../commands/config-explain.ts").then(({ configExplain }) => configExplain),
  },
  {
    name: "certs",
    group: "this machine",
    summary: "certificates for mutual TLS between services, for development",
    about: ["In a clone of Tutti."],
    options: [
      { name: "out", value: "DIR", summary: "where to (.tutti/certs)", completes: "file" },
      { name: "rotate", summary: "new ones for all services; running ones take them up by themselves" },
      {
        name: "next-authority",
        summary: "the next of three steps by which another authority takes this one's place",
      },
      { name: "services", value: "A,B", summary: "for these services (all)" },
      { name: "hosts", value: "A,B", summary: "host names and addresses besides localhost and 127.0.0.1" },
    ],
    json: "document",
    load: () => import("../../commands/certs.ts").then(({ certs }) => certs),
  },
  {
    name: "doctor",
    group: "this machine",
    summary: "what is wrong here, and what to do: Node, ports, platform, data directory",
    options: [
      {
        name: "data",
        value: "DIR",
        summary: "the data directory (.tutti, or as configured)",
        completes: "file",
      },
    ],
    json: "document",
    load: () => import("../../commands/doctor.ts").then(({ doctor }) => doctor),
  },
  {
    name: "demo kill",
    group: "this machine",
    summary: "the sixty-second proof: kill -9 in the middle of work, and nothing is lost",
    about: [
      "Starts a platform of its own in a temporary folder, with two workers and 500 runs whose steps write each effect to a file; kills the platform and workers with -9 again and again and starts them again; then compares all that was acknowledged with the journal and with the files.",
      "In a clone of Tutti. It exits with 0 when nothing was lost, else with 1.",
    ],
    options: [{ name: "runs", value: "N", summary: "how many runs (500)" }],
    json: "document",
    load: () => import("../../commands/demo-kill.ts").then(({ killDemo }) => killDemo),
  },
  {
    name: "demo race",
    group: "this machine",
    summary: "one job in all modes side by side, live, with time, cost and slots",
    about: [
      "Links four agents of unequal speed for each mode to the platform that runs, starts the same job in each, and draws how far each is. The page shows the same at /race.",
      "In a clone of Tutti, while `npm start` runs. It exits with 0 when all of them did well, else with 1.",
    ],
    json: "document",
    load: () => import("../../commands/demo-race.ts").then(({ raceDemo }) => raceDemo),
  },
  {
    name: "completion",
    group: "this machine",
    summary: "completion for your shell",
    arguments: [{ name: "SHELL", summary: "bash, zsh or fish" }],
    examples: [
      { words: "completion bash > ~/.local/share/bash-completion/completions/tutti", does: "bash" },
      { words: "completion zsh > ~/.zfunc/_tutti", does: "zsh, with ~/.zfunc in fpath" },
      { words: "completion fish > ~/.config/fish/completions/tutti.fish", does: "fish" },
    ],
    json: "none",
    load: () => import("../../commands/completion.ts").then(({ completion }) => completion),
  },
];
