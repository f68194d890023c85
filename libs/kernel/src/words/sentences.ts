/**
 * Joins texts into sentences. A text that ends without a mark gets a full stop, and one that has its mark keeps it.
 * A text of several lines is a list, and the next text starts a line.
 */
export function sentences(...texts: readonly string[]): string {
  let joined = "";
  for (const text of texts) {
    const sentence = text.trim();
    if (sentence === "") continue;
    const separator = joined === "" ? "" : joined.includes("\n") ? "\n" : " ";
    joined +=
      separator + (endsSentence.test(sentence) || sentence.includes("\n") ? sentence : `${sentence}.`);
  }
  return joined;
}

// The mark may stand within a quotation or parentheses.
const endsSentence = /[.!?…]["')\]]?$/;

/** Returns a noun at the start of a sentence. */
export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
