/** Search parameters of the views: everything that a view shows stands in its address. */
type Raw = Record<string, unknown>;

const text = (raw: Raw, name: string): string | undefined => {
  const value = raw[name];
  return typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined;
};
const number = (raw: Raw, name: string): number | undefined => {
  const value = Number(raw[name]);
  return raw[name] !== undefined && Number.isFinite(value) ? value : undefined;
};

/** A reader of search parameters: the named texts and numbers, and nothing else. */
export function reader<Text extends string, Num extends string = never>(texts: readonly Text[], numbers: readonly Num[] = []) {
  return (raw: Raw): { [Name in Text]?: string } & { [Name in Num]?: number } => {
    const found: Raw = {};
    for (const name of texts) {
      const value = text(raw, name);
      if (value !== undefined) found[name] = value;
    }
    for (const name of numbers) {
      const value = number(raw, name);
      if (value !== undefined) found[name] = value;
    }
    return found as { [Name in Text]?: string } & { [Name in Num]?: number };
  };
}
