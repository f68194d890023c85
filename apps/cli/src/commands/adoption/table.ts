import type { Command } from "../../command/declaration.ts";

export const adoptionCommands: readonly Command[] = [
  {
    name: "adopt scripts",
    group: "this machine",
    summary: "Find scripts in a folder and make them capabilities of a worker",
    about: [
      "Finds shell, Python and TypeScript scripts, phony targets of Makefiles and lines of crontabs. Writes their list and a worker next to them.",
      "Lists where scripts use subprocess, popen, tmux, cron and make, and the lines and targets that it cannot adopt.",
      "A line of a crontab runs in the home folder with the variables of cron.",
    ],
    arguments: [{ name: "FOLDER", summary: "folder with scripts", completes: "file" }],
    options: [{ name: "user-field", summary: "crontabs name a user in each line, like /etc/crontab" }],
    examples: [{ words: "adopt scripts ./scripts", does: "list the scripts and write a worker" }],
    json: "document",
    load: () => import("./scripts.ts").then(({ adoptScripts }) => adoptScripts),
  },
  {
    name: "adopt compare",
    group: "installation",
    summary: "Compare direct runs of scripts with runs as tasks: outputs, exit code, files",
    about: [
      "Runs each script directly and as a task, each in a copy of the folder. Lines of crontabs run in their own folder.",
    ],
    arguments: [
      { name: "FOLDER", summary: "folder with adopted scripts", completes: "file" },
      { name: "NAME", summary: "capability of a script. Default: all", isOptional: true, isMany: true },
    ],
    json: "document",
    load: () => import("./scripts.ts").then(({ compareScripts }) => compareScripts),
  },
  {
    name: "adopt flip",
    group: "installation",
    summary: "Set the percentage of calls of adopted scripts that Tutti runs",
    about: [
      "Callers call `tutti adopt run`. With 0 all calls run the script directly, as before.",
      "`tutti variant show SCRIPT` shows times and errors. `tutti variant rollback SCRIPT` takes all calls of one script back.",
    ],
    arguments: [
      { name: "FOLDER", summary: "folder with adopted scripts", completes: "file" },
      { name: "NAME", summary: "capability of a script. Default: all", isOptional: true, isMany: true },
    ],
    options: [{ name: "percent", value: "N", summary: "percentage of new work for the version. Default: 0" }],
    examples: [
      { words: "adopt flip ./scripts --percent 10", does: "let Tutti run a tenth of the calls" },
      { words: "adopt flip ./scripts", does: "take all calls back" },
    ],
    json: "document",
    load: () => import("./flip.ts").then(({ flipScripts }) => flipScripts),
  },
  {
    name: "adopt run",
    group: "installation",
    summary: "Start an adopted script directly or as a task, by the percentage of `adopt flip`",
    about: [
      "Call it instead of the script in crontabs and other callers. Input, outputs and exit code are those of the script.",
      "If the platform is not reachable, the script runs directly.",
    ],
    arguments: [
      { name: "FOLDER", summary: "folder with adopted scripts", completes: "file" },
      { name: "SCRIPT", summary: "capability of the script" },
      {
        name: "ARG",
        isEmptyAllowed: true,
        summary: "argument of the script. Put options after `--`",
        isOptional: true,
        isMany: true,
      },
    ],
    examples: [
      { words: "adopt run ./scripts scripts.report-py -- --full", does: "call report.py with an option" },
    ],
    json: "none",
    load: () => import("./flip.ts").then(({ runAdopted }) => runAdopted),
  },
  {
    name: "adopt queue",
    group: "installation",
    summary: "Move the backlog of a queue to Tutti: each message starts one run",
    about: [
      "Workers of the queue may run meanwhile. Run the command again after an interruption: no message is lost, and none starts twice.",
      "Messages that have no counterpart stay in the queue and are listed.",
    ],
    arguments: [
      { name: "KIND", summary: "`bullmq`, `celery` or `postgres`" },
      { name: "QUEUE", summary: "name of the queue, or of the table" },
      {
        name: "WORKFLOW",
        summary: "workflow for all messages. NAME=WORKFLOW is for the jobs, tasks or rows with this name",
        isMany: true,
        completes: "workflow",
      },
    ],
    options: [
      {
        name: "connection",
        value: "REF",
        summary: "reference to the URL of the system: env:NAME or file:PATH",
      },
      {
        name: "run-prefix",
        value: "TEXT",
        isEmptyAllowed: true,
        summary: "first part of the ids of runs. Default: the queue",
      },
      { name: "key-prefix", value: "TEXT", summary: "option `prefix` of BullMQ. Default: bull" },
      {
        name: "condition",
        value: "SQL",
        summary: "which rows are moved: \"state = 'queued'\". Default: all",
      },
      {
        name: "mark",
        value: "SQL",
        summary: "assignment that marks moved rows: \"state = 'moved'\". Default: rows are deleted",
      },
      {
        name: "column",
        value: "PART=COLUMN",
        isMany: true,
        summary: "column of the table with this part: id, input, name or time",
      },
      { name: "dry-run", summary: "print the changes without making them" },
    ],
    examples: [
      {
        words: "adopt queue bullmq mail send=send-mail --connection env:SHOP_REDIS",
        does: "start send-mail for each job `send`",
      },
      {
        words: "adopt queue postgres jobs report --connection env:SHOP_DB --column input=payload --dry-run",
        does: "count the rows that would start",
      },
    ],
    json: "document",
    load: () => import("./queue.ts").then(({ adoptQueue }) => adoptQueue),
  },
];
