#!/usr/bin/env node
// `node tools/run.mjs SCRIPT …`: runs the set-up, then a script of the workspace on the workspace's Node.
// Only the script prints to standard output. `--help` prints the comment at the top of the script, without set-up.

import "./node-version.mjs";

const [script = "", ...words] = process.argv.slice(2);

Promise.all([import("./help.mjs"), import("./launch.mjs")]).then(([{ helpFor }, { launch }]) => {
  const help = helpFor(script, words);
  if (help === undefined) return launch(script, words, { wholeGroup: true });
  console.log(help);
});
