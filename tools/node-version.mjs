// Reports in one line that this Node is too old, before it reads a file that it cannot parse. Every script that users
// run with their own Node imports this file first. It is written in the syntax of Node 12.

const oldest = 20;

if (Number(process.versions.node.split(".")[0]) < oldest) {
  console.error(
    "tutti: this is Node " +
      process.versions.node +
      "; expected Node " +
      oldest +
      " or newer. Install one from https://nodejs.org",
  );
  process.exit(1);
}
