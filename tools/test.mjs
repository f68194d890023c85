#!/usr/bin/env node
// `npm test`: runs the set-up, then the static checks and the tests of every package. `npm run test:io` runs the tests
// with sockets, disks and processes, `npm run test:nightly` the campaigns. verify.mjs has the options. The last line is
// `N passed, N failed`.

import "./node-version.mjs";

const given = process.argv.slice(2);
const script = "tools/verify.mjs";
const needsPrograms = ["--io", "--nightly", "--ci"].some((option) => given.includes(option));
Promise.all([import("./help.mjs"), import("./launch.mjs")]).then(([{ helpFor }, { launch }]) => {
  const help = helpFor(script, given);
  if (help === undefined)
    return launch(script, given, {
      wholeGroup: true,
      fronts: needsPrograms ? ["page", "command", "platform", "services", "threads"] : ["threads"],
    });
  console.log(help);
});
