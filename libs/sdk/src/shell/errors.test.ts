import assert from "node:assert/strict";
import { it } from "node:test";
import { engineReason } from "./errors.ts";

const podman = `Trying to pull localhost/absent:latest...
time="2026-11-29T14:04:14Z" level=warning msg="Failed, retrying in 1s ... (3/3). Error: pinging registry"
Error: initializing source docker://localhost/absent:latest: connection refused
`;
const docker = `docker: Error response from daemon: pull access denied for absent.

Run 'docker run --help' for more information
`;

for (const [title, output, reason] of [
  [
    "Podman ends with its error",
    podman,
    "initializing source docker://localhost/absent:latest: connection refused",
  ],
  ["Docker ends with a hint", docker, "docker: Error response from daemon: pull access denied for absent"],
  ["another engine says one line", "no such image\n", "no such image"],
  ["an engine says nothing", "", ""],
] as const)
  it(`the reason that a container did not start: ${title}`, () => assert.equal(engineReason(output), reason));
