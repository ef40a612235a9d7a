/** What a terminal would have shown: escape sequences and other control characters taken out of a line. */
const ESC = "\u001b";
const SEQUENCES = new RegExp(
  `${ESC}\\[[0-?]*[ -/]*[@-~]|${ESC}\\][^\\u0007${ESC}]*(?:\\u0007|${ESC}\\\\)?|${ESC}[PX^_][^${ESC}]*(?:${ESC}\\\\)?|${ESC}[@-Z\\\\-_]|[\\u0000-\\u0008\\u000b-\\u001f\\u007f]`,
  "g",
);

const CONTROL = new RegExp("[\\u0000-\\u0008\\u000b-\\u001f\\u007f]");

/** The text without sequences; of a line that was written over, as progress bars do, only what stood there last. */
export function plain(text: string): string {
  if (!CONTROL.test(text)) return text;
  const over = text.replace(/\r+$/, "").split("\r");
  return (over.at(-1) ?? "").replace(SEQUENCES, "");
}
