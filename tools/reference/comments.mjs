// Comments of the contracts. Descriptors have them in a separate list, by the path of the commented element.

/**
 * Returns the comment above a service, method, message, field, oneof or enumeration or a value of it. Empty if it has
 * none.
 */
export function commentsOf(set) {
  const comments = new Map();
  for (const file of set.file) {
    const byPath = new Map(
      (file.sourceCodeInfo?.location ?? []).map(({ path, leadingComments }) => [
        path.join(),
        leadingComments,
      ]),
    );
    const take = (proto, path) => comments.set(proto, textOf(byPath.get(path.join()) ?? ""));
    const takeMessage = (message, path) => {
      take(message, path);
      for (const [i, field] of message.field.entries()) take(field, [...path, 2, i]);
      for (const [i, nested] of message.nestedType.entries()) takeMessage(nested, [...path, 3, i]);
      for (const [i, oneof] of message.oneofDecl.entries()) take(oneof, [...path, 8, i]);
    };
    for (const [i, message] of file.messageType.entries()) takeMessage(message, [4, i]);
    for (const [i, enumeration] of file.enumType.entries()) {
      take(enumeration, [5, i]);
      for (const [j, value] of enumeration.value.entries()) take(value, [5, i, 2, j]);
    }
    for (const [i, service] of file.service.entries()) {
      take(service, [6, i]);
      for (const [j, method] of service.method.entries()) take(method, [6, i, 2, j]);
    }
  }
  return (descriptor) => comments.get(descriptor.proto) ?? "";
}

/** Returns text as Markdown: statuses and constants become code, drawings stay unchanged, tags are escaped. */
export function inMarkdown(text) {
  return text
    .split("\n\n")
    .map((paragraph) => (drawing.test(paragraph) ? fenced(paragraph) : prose(paragraph)))
    .join("\n\n");
}

const drawing = /[─│►▼]{2}/;

function fenced(text) {
  return ["```text", text, "```"].join("\n");
}

const constants =
  /(?<![`\w])([A-Z]+_[A-Z_]*[A-Z]|ABORTED|CANCELLED|UNAUTHENTICATED|UNAVAILABLE|UNIMPLEMENTED)(?![`\w])/g;

function prose(text) {
  return text.replace(/(?<!`)<([^>`\n]*)>(?!`)/g, "&lt;$1&gt;").replace(constants, "`$1`");
}

function textOf(comment) {
  return comment
    .split("\n")
    .map((line) => line.trim())
    .join("\n")
    .trim();
}
