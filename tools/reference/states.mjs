// The page of states: each enum with display options, its words in REST, the displayed labels, and the comment of the contract.
import * as tables from "../../libs/contracts/src/generated/states.ts";
import { commentsOf } from "./comments.mjs";

const displayByEnum = new Map(Object.entries(tables));

export function statesPage(image) {
  const commentOf = commentsOf(image.set);
  const enums = image.files
    .flatMap((file) => [...file.enums])
    .filter(({ values }) => values.some((value) => image.ruleOf("state", value) !== undefined));
  return [
    "# States",
    "",
    "The CLI, the dashboard and errors show the label. REST and the SDK for Python use the word. In TypeScript, `get()` of a run, mission or session has it as `state`, and `statuses` takes it.",
    ...enums.flatMap((one) => section(one, commentOf)),
    "",
  ].join("\n");
}

function section(enumeration, commentOf) {
  const display = displayByEnum.get(
    `${enumeration.name[0].toLowerCase()}${enumeration.name.slice(1)}Display`,
  );
  const rows = Object.entries(display).map(([word, { number, label, ended }]) => {
    const value = enumeration.values.find((one) => one.number === number);
    return `| \`${word}\` | ${label} | ${ended ? "yes" : ""} | ${commentOf(value).replaceAll("\n", " ")} |`;
  });
  return [
    "",
    `## ${enumeration.name}`,
    "",
    commentOf(enumeration).split("\n\n")[0].replaceAll("\n", " "),
    "",
    "| word | label | final | meaning |",
    "|---|---|---|---|",
    ...rows,
  ];
}
